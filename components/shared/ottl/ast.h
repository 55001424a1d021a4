// The syntax tree of an OTTL statement or condition, as parser.h makes it. Plain data; nothing in it is resolved yet.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace otelpipe::ottl {

struct Node;
using NodePtr = std::unique_ptr<Node>;

// One name of a path and what indexes it: `attributes["a"][0]`.
struct Field {
  std::string name;
  std::vector<NodePtr> keys;
};

struct Argument {
  std::string name;  // empty for positional ones
  NodePtr value;     // null for a function that is named: `SHA256`
  std::string function;
};

struct Node {
  enum Kind { kNil, kBool, kInt, kDouble, kString, kBytes, kEnum, kPath, kCall, kMath, kList, kMap } kind = kNil;
  size_t at = 0;     // byte offset in the text
  std::string text;  // string, bytes, enum, name of the called function, path as written
  bool boolean = false;
  int64_t integer = 0;
  double number = 0;
  std::vector<Field> fields;        // path
  std::vector<Argument> arguments;  // call
  std::vector<NodePtr> keys;        // behind a call
  std::vector<NodePtr> items;       // list, values of a map, both sides of arithmetic
  std::vector<std::string> names;   // keys of a map
  char op = 0;                      // + - * /
};

// A condition.
struct TestNode {
  enum Kind { kConst, kCompare, kCall, kAnd, kOr, kNot } kind = kConst;
  bool value = false;
  std::string op;  // == != < <= > >=
  NodePtr left, right;
  std::vector<std::unique_ptr<TestNode>> tests;
};
using TestPtr = std::unique_ptr<TestNode>;

// An editor and the condition behind `where`, or null.
struct StatementNode {
  NodePtr editor;
  TestPtr where;
};

}  // namespace otelpipe::ottl
