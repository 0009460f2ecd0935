"""The process that trains trials and times slices.

A worker may run other code than its caller: `zygote` is started by path, under any interpreter, with the
root of the code under test. What these files import from each other they name relatively: it is always the
caller's, the timing loop above all. What they name in full, `alexnet_bench.…`, is the code under test.
"""
