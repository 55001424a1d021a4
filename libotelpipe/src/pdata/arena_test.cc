#include "otelpipe/pdata/arena.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using otelpipe::Arena;
using otelpipe::Vec;

TEST_CASE("an arena aligns and keeps what it was given, small and large", "[unit][pdata]") {
  Arena arena;
  std::vector<std::pair<std::string, std::string_view>> copies;
  for (size_t i = 1; i < 400; ++i) {
    std::string text(i % 97 == 0 ? 300000 : i * 7, static_cast<char>('a' + i % 26));
    copies.emplace_back(text, arena.Copy(text));
    auto* number = arena.New<double>(1.5);
    REQUIRE(reinterpret_cast<uintptr_t>(number) % alignof(double) == 0);
    REQUIRE(reinterpret_cast<uintptr_t>(arena.Allocate(3, 16)) % 16 == 0);
  }
  for (const auto& [text, copy] : copies) REQUIRE(text == copy);
  REQUIRE(arena.bytes_reserved() >= 4 * 300000);
}

#ifndef OTELPIPE_ADDRESS_SANITIZER  // there each request is a block of its own
TEST_CASE("a large request leaves the rest of the current block in use", "[unit][pdata]") {
  Arena arena;
  auto* first = static_cast<char*>(arena.Allocate(16, 16));
  arena.Allocate(1 << 20);
  auto* second = static_cast<char*>(arena.Allocate(16, 16));
  REQUIRE(second == first + 16);
}
#endif

TEST_CASE("an arena keeps owners of foreign bytes alive", "[unit][pdata]") {
  auto owner = std::make_shared<const std::string>("bytes");
  std::weak_ptr<const std::string> watch = owner;
  {
    Arena arena;
    arena.KeepAlive(std::move(owner));
    REQUIRE_FALSE(watch.expired());
  }
  REQUIRE(watch.expired());
}

TEST_CASE("a Vec grows, erases and filters in order", "[unit][pdata]") {
  Arena arena;
  Vec<int> v;
  for (int i = 0; i < 1000; ++i) v.Add(arena) = i;
  v.Erase(0);
  REQUIRE(v[0] == 1);
  REQUIRE(v.Filter([](int i) { return i % 2 == 0; }) == 500);
  REQUIRE(v.size() == 499);
  REQUIRE(v.back() == 998);
  Vec<int> moved = std::move(v);
  REQUIRE(v.empty());
  REQUIRE(moved[1] == 4);
}
