// Runtime: the threads of one service: the loop and the blocking pool. The only room of the library that sees Asio.
#pragma once

#include <memory>

#include "otelpipe/component/loop.h"

namespace otelpipe {

class Runtime {
 public:
  virtual ~Runtime() = default;
  virtual Loop& loop() = 0;
  // Starts the loop's thread. Before, posts and timers are collected.
  virtual void Start() = 0;
  // Runs `f` on the loop and waits for it. Not from the loop.
  virtual void RunInLoop(absl::AnyInvocable<void()> f) = 0;
  // Ends the loop after what runs now, joins all threads. What is posted later is destroyed unrun.
  virtual void Stop() = 0;
};

// `blocking_threads` at most; they are started when first needed.
std::unique_ptr<Runtime> MakeRuntime(int blocking_threads);

}  // namespace otelpipe
