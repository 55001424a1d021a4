// Harness for tests of the tailer: a directory, a loop, and a sink that collects texts.
#pragma once

#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include "otelpipe/testing/test_loop.h"
#include "shared/tail/memory_storage.h"
#include "shared/tail/tailer.h"

namespace otelpipe::tail {
namespace fs = std::filesystem;
using Texts = std::vector<std::string>;

// A directory, a loop, and a tailer whose records are collected as texts. Batches are acknowledged at once unless `hold` is set.
struct Harness : TailSink {
  Harness() {
    std::string name = (fs::temp_directory_path() / "otelpipe-tail-XXXXXX").string();
    dir = ::mkdtemp(name.data());
    options.from_beginning = true;
  }
  ~Harness() override {
    tailer.reset();
    held.clear();
    fs::remove_all(dir);
  }
  void Start(const std::string& pattern = "*.log") {
    FinderOptions f;
    f.include = {dir + "/" + pattern};
    splitter.encoding = options.encoding;
    splitter.max_size = options.max_log_size;
    TailOptions o{.finder = *Finder::Create(f), .splitter = *Splitter::Create(splitter), .encoding = {}};
    o.encoding = options.encoding;
    o.from_beginning = options.from_beginning;
    o.fingerprint_size = options.fingerprint_size;
    o.max_log_size = options.max_log_size;
    o.compression = options.compression;
    o.chunk_size = options.chunk_size;
    o.is_header = options.is_header;
    o.delete_after_read = options.delete_after_read;
    o.force_flush_period = options.force_flush_period;
    o.max_concurrent_files = options.max_concurrent_files;
    o.max_batches = options.max_batches;
    if (use_store) checkpoint = std::make_unique<Checkpoint>(store.Client(), "file_input");
    tailer.emplace(std::move(o), &loop, Logger(), &metrics, this, checkpoint.get());
    REQUIRE(tailer->Start().ok());
    loop.RunUntilIdle();
  }
  void Stop() {
    tailer->Stop();
    tailer->Save();
    tailer.reset();
  }
  // As after kill -9: nothing is saved that was not saved before.
  void Kill() {
    tailer.reset();
    held.clear();
  }
  void Write(const std::string& name, const std::string& text) const { std::ofstream(dir + "/" + name) << text; }
  void Append(const std::string& name, const std::string& text) const {
    std::ofstream(dir + "/" + name, std::ios::app) << text;
  }
  void Move(const std::string& from, const std::string& to) const { fs::rename(dir + "/" + from, dir + "/" + to); }
  void Polls(int n = 1) { loop.Advance(n * absl::Milliseconds(200)); }
  Texts Take() { return std::exchange(texts, {}); }

  Arena& arena() override { return arena_; }
  void OnSlice(const TailSlice& slice) override {
    for (const TailLine& line : slice.lines) {
      texts.emplace_back(line.text);
      numbers.push_back(line.number);
      offsets.push_back(line.offset);
      std::string name;
      if (const Value* v = slice.attributes->map.Find("log.file.name")) name = std::string(v->string());
      names.push_back(name);
    }
    ++slices;
    if (hold) held.emplace_back(slice.token);
  }
  void OnEndOfRead() override {}
  bool HasRoom() override { return room; }
  void OnHeaderLine(std::string_view line, Arena& a, Map& attributes) override {
    attributes.Set(a, "header", Value::Str(a.Copy(line)));
  }

  int64_t Metric(std::string_view name) const {
    for (const MetricSample& sample : metrics.Read()) {
      if (sample.name == name) return sample.value;
    }
    return -1;
  }

  std::string dir;
  testing::TestLoop loop;
  Metrics metrics;
  SplitterOptions splitter;
  TailOptions options{.finder = *Finder::Create({.include = {"x"}}), .splitter = *Splitter::Create({}), .encoding = {}};
  MemoryStorage store;
  bool use_store = false;
  bool hold = false;
  bool room = true;
  std::unique_ptr<Checkpoint> checkpoint;
  Arena arena_;
  Texts texts, names;
  std::vector<int64_t> numbers, offsets;
  std::vector<AckRef> held;
  int slices = 0;
  std::optional<Tailer> tailer;
};

inline void WriteGzip(const std::string& path, const std::string& text, const char* mode = "wb") {
  gzFile f = ::gzopen(path.c_str(), mode);
  ::gzwrite(f, text.data(), static_cast<unsigned>(text.size()));
  ::gzclose(f);
}

}  // namespace otelpipe::tail
