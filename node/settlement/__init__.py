"""What moves payments forward: intake, engine, sender and watcher, each at its own pace over one book.

Nothing here opens a listening socket, writes SQL or builds XML; those come in through `ports`.
"""
