from benchmarks.overhead.measure import main

main()
