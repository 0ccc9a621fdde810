"""The commands of `jupyter qwen`, a module each: `add_arguments(parser)` and `run(args)`. `app` finds them by name."""
