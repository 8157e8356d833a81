#include "base/workers.h"

#include <pthread.h>
#include <signal.h>

#include <exception>
#include <memory>

namespace decodex {

namespace {

// Looking out takes a core from others, so it is short beside a step of a language model.
constexpr std::chrono::microseconds kLookOut{100};

std::atomic<Workers*> g_shared{nullptr};

// The child of a fork has none of its parent's threads, and locks that they held stay locked for ever: it leaves the
// parent's workers alone. Memory is not freed at exit either: another thread may be in run() then.
[[maybe_unused]] const int g_at_fork = pthread_atfork(nullptr, nullptr, [] { g_shared.store(nullptr, std::memory_order_relaxed); });

struct AtExit {
  ~AtExit() {
    if (Workers* workers = g_shared.load(std::memory_order_acquire)) workers->stop();
  }
} g_at_exit;

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Waits until `done` is true, for a short while at most.
template <class Done>
bool look_out(Done done) {
  const auto end = std::chrono::steady_clock::now() + kLookOut;
  do {
    for (int i = 0; i < 32; ++i) {
      if (done()) return true;
      relax();
    }
    std::this_thread::yield();
  } while (std::chrono::steady_clock::now() < end);
  return done();
}

}  // namespace

Workers& Workers::shared() {
  if (Workers* known = g_shared.load(std::memory_order_acquire)) return *known;
  auto made = std::make_unique<Workers>();   // starts no thread yet
  Workers* first = nullptr;
  return g_shared.compare_exchange_strong(first, made.get(), std::memory_order_acq_rel) ? *made.release() : *first;
}

void Workers::share(Job& job, size_t helpers, Length length) {
  {
    std::lock_guard lock(mutex_);
    start(helpers);
    const bool wake = length == Length::kLong || std::chrono::steady_clock::now() - last_end_ < kLookOut;
    job.wanted = helpers;
    open_.push_back(&job);
    open_count_.store(open_.size(), std::memory_order_release);
    for (size_t n = wake ? std::min(asleep_, helpers) : 0; n > 0; --n) opened_.notify_one();
  }
  take_part(job, true);
  close(job);
  auto all_left = [&] { return job.inside.load(std::memory_order_acquire) == 0; };
  if (look_out(all_left)) return;
  std::unique_lock lock(mutex_);
  left_.wait(lock, all_left);
}

void Workers::take_part(Job& job, bool is_caller) {
  try {
    for (size_t own = 0; job.taken.fetch_add(1, std::memory_order_relaxed) < job.ranges;) {
      const size_t range = is_caller ? own++ : job.ranges - 1 - job.from_back.fetch_add(1, std::memory_order_relaxed);
      job.call(job.work, range * job.grain, std::min((range + 1) * job.grain, job.count));
    }
  } catch (...) {
    job.taken.store(job.ranges, std::memory_order_relaxed);
    std::lock_guard lock(mutex_);
    if (!job.failure) job.failure = std::current_exception();
  }
}

// Nobody joins any more.
void Workers::close(Job& job) {
  std::lock_guard lock(mutex_);
  std::erase(open_, &job);
  open_count_.store(open_.size(), std::memory_order_release);
  last_end_ = std::chrono::steady_clock::now();
}

void Workers::start(size_t threads) {
  if (stopping_ || threads_.size() >= threads) return;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    while (threads_.size() < threads) threads_.emplace_back([this] { serve(); });
  } catch (const std::exception&) {
    // the system has no more of them: those that there are do the work
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Workers::serve() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (open_.empty()) {
      lock.unlock();
      look_out([&] { return open_count_.load(std::memory_order_acquire) != 0; });
      lock.lock();
      ++asleep_;
      opened_.wait(lock, [&] { return stopping_ || !open_.empty(); });
      --asleep_;
      continue;
    }
    Job& job = *open_.front();
    if (--job.wanted == 0) std::erase(open_, &job);
    open_count_.store(open_.size(), std::memory_order_release);
    job.inside.fetch_add(1, std::memory_order_relaxed);
    lock.unlock();
    take_part(job, false);
    lock.lock();
    std::erase(open_, &job);   // nothing is left to do in it
    open_count_.store(open_.size(), std::memory_order_release);
    if (job.inside.fetch_sub(1, std::memory_order_release) == 1) left_.notify_all();   // the job may be gone after this
  }
}

void Workers::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  opened_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace decodex
