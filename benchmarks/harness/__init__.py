"""What all benchmarks share: data, engines, workers, timing, figures, plots."""
