"""The master key of the tests' books; nobody's secret."""

from __future__ import annotations

from node.book.sealing import master_key_of

MASTER_TEXT = b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
MASTER = master_key_of(MASTER_TEXT)
