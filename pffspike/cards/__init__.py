"""Cards: TOML files that describe networks, and what is built from them."""

from pffspike.cards.networks import (
    card_text,
    known_networks,
    load_network,
    network_hash,
    read_card,
    sized_network,
)

__all__ = [
    "card_text",
    "known_networks",
    "load_network",
    "network_hash",
    "read_card",
    "sized_network",
]
