from benchmarks.ab.run import main

main()
