// Threads that stay: they are started when they are first wanted, and wait for the next call.
//
// In: a number of items, and what to do with a range of them. Out: all of them are done when run() returns, in ranges
// taken by whoever is free. The calling thread works as well, so nothing waits for a helper to wake up: a late one finds
// less to do, one that cannot be started nothing. Calls from several threads share the helpers. Helpers look out for
// the next call a while before they sleep, since waking one takes longer than many a call: for brief work those that
// sleep are woken only where calls follow each other so closely that they will be awake for the next ones. Helpers take
// no signals.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace decodex {

class Workers {
 public:
  // Those of this process; a forked child starts its own. At exit their threads end, and run() works alone.
  static Workers& shared();

  Workers() = default;
  ~Workers() { stop(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  enum class Length { kBrief, kLong };   // of the whole work: below or above some 100 microseconds

  // work(begin, end) for ranges of at most `grain` items that make up [0, count), on up to `threads` threads, this one
  // among them. Throws the first of the exceptions of `work`; ranges that nobody had begun are left undone then.
  template <class Work>
  void run(size_t count, size_t grain, unsigned threads, Length length, Work&& work) {
    Job job([](void* w, size_t begin, size_t end) { (*static_cast<std::remove_reference_t<Work>*>(w))(begin, end); },
            &work, count, grain);
    if (threads > 1 && job.ranges > 1) share(job, std::min<size_t>({threads, job.ranges, kMostThreads}) - 1, length);
    else take_part(job, true);
    if (job.failure) std::rethrow_exception(job.failure);
  }
  // Ends the threads when they have done what they are at.
  void stop();

 private:
  static constexpr size_t kMostThreads = 64;

  struct Job {
    using Call = void (*)(void* work, size_t begin, size_t end);
    Job(Call call, void* work, size_t count, size_t grain)
        : call(call), work(work), count(count), grain(grain), ranges((count + grain - 1) / grain) {}

    const Call call;
    void* const work;
    const size_t count, grain, ranges;
    std::atomic<size_t> taken{0};       // ranges: the caller takes them from the front, helpers from the back, so that
    std::atomic<size_t> from_back{0};   // in the next call each finds in its cache what it had in the last one
    size_t wanted = 0;                  // helpers that may still join (lock held)
    std::atomic<unsigned> inside{0};    // helpers that have joined and not left: the job must stay
    std::exception_ptr failure;         // (lock held while helpers are inside)
  };

  void share(Job& job, size_t helpers, Length length);
  void take_part(Job& job, bool is_caller);
  void close(Job& job);
  void start(size_t threads);
  void serve();

  std::mutex mutex_;
  std::condition_variable opened_, left_;
  std::vector<Job*> open_;              // jobs that helpers may join, the oldest first
  std::atomic<size_t> open_count_{0};   // of them, for those who look out
  size_t asleep_ = 0;
  std::chrono::steady_clock::time_point last_end_;   // of a shared run
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace decodex
