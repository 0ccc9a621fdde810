"""Keys: the only reader of them. Read when they are needed, masked everywhere, revealed only for a request's header.

A key comes from the provider's own variable, read at each call, else from what `login` stored (`store`). Not here:
asking for a key and checking it (`login`), sending it (`provider.client`).
"""

from qwen_magics.credentials.find import all_known_keys, for_turn, found, key_for, missing, placed
from qwen_magics.credentials.key import Key
from qwen_magics.credentials.providers import VARIABLES
from qwen_magics.credentials.store import forget, has_record, save

__all__ = [
    "VARIABLES",
    "Key",
    "all_known_keys",
    "for_turn",
    "forget",
    "found",
    "has_record",
    "key_for",
    "missing",
    "placed",
    "save",
]
