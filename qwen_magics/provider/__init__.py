"""The only HTTP of qwen-magics: where a request goes, how it gets there, what its bytes and its errors mean.

`endpoints` says where, `client` opens, `wire` decodes bytes to stream events without I/O, `faults` turns answers that
are errors into `QwenError`s, `retry` says whether and when to try again. What is asked is `request`'s; what it costs
is the catalogue's and the ledger's.
"""
