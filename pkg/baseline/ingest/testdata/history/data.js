window.BENCHMARK_DATA = {
  "lastUpdate": 1774933028658,
  "entries": {
    "Go Benchmark": [
      {
        "commit": {
          "author": {
            "username": "someone"
          },
          "committer": {
            "username": "someone"
          },
          "distinct": true,
          "id": "fcdc56194462e46f54a75f052c926d3dc64b44c9",
          "message": "`git fetch` before updating gh-pages in CI to avoid conflict",
          "timestamp": "2019-11-09T23:22:06+09:00",
          "tree_id": "e73874ecea3ea6e8768d7d06bf7a59bf91c27882",
          "url": "https://github.com/rhysd/github-action-benchmark/commit/fcdc56194462e46f54a75f052c926d3dc64b44c9"
        },
        "date": 1573309388050,
        "tool": "go",
        "benches": [
          {
            "name": "BenchmarkFib10",
            "value": 551,
            "unit": "ns/op"
          },
          {
            "name": "BenchmarkFib20",
            "value": 55222,
            "unit": "ns/op"
          }
        ]
      },
      {
        "commit": {
          "author": {
            "username": "someone"
          },
          "committer": {
            "username": "someone"
          },
          "distinct": true,
          "id": "0c70f157d50ac07c1a3ecf43d9044e4e16cd1276",
          "message": "feat: extract multiple metrics from golang benchmarks (#177)",
          "timestamp": "2023-07-07T12:49:05+02:00",
          "tree_id": "da453c4c605083a2ae099bd9c81e02c610e1b090",
          "url": "https://github.com/benchmark-action/github-action-benchmark/commit/0c70f157d50ac07c1a3ecf43d9044e4e16cd1276"
        },
        "date": 1688726979069,
        "tool": "go",
        "benches": [
          {
            "name": "BenchmarkFib10",
            "value": 412.7,
            "unit": "ns/op",
            "extra": "2650246 times\n2 procs"
          },
          {
            "name": "BenchmarkFib20",
            "value": 51796,
            "unit": "ns/op",
            "extra": "23784 times\n2 procs"
          },
          {
            "name": "BenchmarkFib20WithAuxMetric",
            "value": 50318,
            "unit": "ns/op\t         4.000 auxMetricUnits",
            "extra": "23806 times\n2 procs"
          }
        ]
      },
      {
        "commit": {
          "author": {
            "username": "someone"
          },
          "committer": {
            "username": "someone"
          },
          "distinct": true,
          "id": "c38cce98215cf75e178ecd5a0c1a1ab215e93006",
          "message": "release v1.22.0",
          "timestamp": "2026-03-31T06:53:51+02:00",
          "tree_id": "bcd62a1fb1374f67221a37001260ca831840ac40",
          "url": "https://github.com/benchmark-action/github-action-benchmark/commit/c38cce98215cf75e178ecd5a0c1a1ab215e93006"
        },
        "date": 1774932909156,
        "tool": "go",
        "benches": [
          {
            "name": "BenchmarkFib10",
            "value": 313.1,
            "unit": "ns/op",
            "extra": "3852480 times\n4 procs"
          },
          {
            "name": "BenchmarkFib20",
            "value": 39994,
            "unit": "ns/op",
            "extra": "30343 times\n4 procs"
          },
          {
            "name": "BenchmarkFib20WithAuxMetric",
            "value": 40052,
            "unit": "ns/op\t         4.000 auxMetricUnits",
            "extra": "30248 times\n4 procs"
          },
          {
            "name": "BenchmarkFib20WithAuxMetric - ns/op",
            "value": 40052,
            "unit": "ns/op",
            "extra": "30248 times\n4 procs"
          },
          {
            "name": "BenchmarkFib20WithAuxMetric - auxMetricUnits",
            "value": 4,
            "unit": "auxMetricUnits",
            "extra": "30248 times\n4 procs"
          }
        ]
      }
    ],
    "Python Benchmark with pytest-benchmark": [
      {
        "commit": {
          "author": {
            "username": "someone"
          },
          "committer": {
            "username": "someone"
          },
          "distinct": true,
          "id": "c38cce98215cf75e178ecd5a0c1a1ab215e93006",
          "message": "release v1.22.0",
          "timestamp": "2026-03-31T06:53:51+02:00",
          "tree_id": "bcd62a1fb1374f67221a37001260ca831840ac40",
          "url": "https://github.com/benchmark-action/github-action-benchmark/commit/c38cce98215cf75e178ecd5a0c1a1ab215e93006"
        },
        "date": 1774932868914,
        "tool": "pytest",
        "benches": [
          {
            "name": "bench.py::test_fib_10",
            "value": 76327.03241590009,
            "unit": "iter/sec",
            "range": "stddev: 0.0000012571315525798022",
            "extra": "mean: 13.101518143022743 usec\nrounds: 29984"
          },
          {
            "name": "bench.py::test_fib_20",
            "value": 604.5755406814991,
            "unit": "iter/sec",
            "range": "stddev: 0.000018037065721222928",
            "extra": "mean: 1.6540530218486251 msec\nrounds: 595"
          }
        ]
      }
    ],
    "Catch2 Benchmark (v3)": [
      {
        "commit": {
          "author": {
            "username": "someone"
          },
          "committer": {
            "username": "someone"
          },
          "distinct": true,
          "id": "c38cce98215cf75e178ecd5a0c1a1ab215e93006",
          "message": "release v1.22.0",
          "timestamp": "2026-03-31T06:53:51+02:00",
          "tree_id": "bcd62a1fb1374f67221a37001260ca831840ac40",
          "url": "https://github.com/benchmark-action/github-action-benchmark/commit/c38cce98215cf75e178ecd5a0c1a1ab215e93006"
        },
        "date": 1774932924202,
        "tool": "catch2",
        "benches": [
          {
            "name": "Fibonacci 10",
            "value": 106.374,
            "range": "± 38.4231",
            "unit": "ns",
            "extra": "100 samples\n377 iterations"
          },
          {
            "name": "Fibonacci 20",
            "value": 7.7965,
            "range": "± 352.558",
            "unit": "us",
            "extra": "100 samples\n4 iterations"
          }
        ]
      }
    ],
    "JMH Benchmark": [
      {
        "commit": {
          "author": {
            "username": "someone"
          },
          "committer": {
            "username": "someone"
          },
          "distinct": true,
          "id": "c38cce98215cf75e178ecd5a0c1a1ab215e93006",
          "message": "release v1.22.0",
          "timestamp": "2026-03-31T06:53:51+02:00",
          "tree_id": "bcd62a1fb1374f67221a37001260ca831840ac40",
          "url": "https://github.com/benchmark-action/github-action-benchmark/commit/c38cce98215cf75e178ecd5a0c1a1ab215e93006"
        },
        "date": 1774932906797,
        "tool": "jmh",
        "benches": [
          {
            "name": "org.openjdk.jmh.samples.JMHSample_01_HelloWorld.wellHelloThere",
            "value": 1820491309.1347592,
            "unit": "ops/s",
            "extra": "iterations: 3\nforks: 1\nthreads: 1"
          }
        ]
      }
    ],
    "C++ Benchmark": [
      {
        "commit": {
          "author": {
            "username": "someone"
          },
          "committer": {
            "username": "someone"
          },
          "distinct": true,
          "id": "c38cce98215cf75e178ecd5a0c1a1ab215e93006",
          "message": "release v1.22.0",
          "timestamp": "2026-03-31T06:53:51+02:00",
          "tree_id": "bcd62a1fb1374f67221a37001260ca831840ac40",
          "url": "https://github.com/benchmark-action/github-action-benchmark/commit/c38cce98215cf75e178ecd5a0c1a1ab215e93006"
        },
        "date": 1774932858656,
        "tool": "googlecpp",
        "benches": [
          {
            "name": "fib_10",
            "value": 177.50045639073818,
            "unit": "ns/iter",
            "extra": "iterations: 3946180\ncpu: 177.4838215692138 ns\nthreads: 1"
          },
          {
            "name": "fib_20",
            "value": 23132.19766959291,
            "unit": "ns/iter",
            "extra": "iterations: 31325\ncpu: 23128.78295291301 ns\nthreads: 1"
          }
        ]
      }
    ]
  },
  "repoUrl": "https://github.com/benchmark-action/github-action-benchmark"
}