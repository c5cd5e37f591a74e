"""What all tests need before they begin."""

import signal

# A background job of a script inherits that Ctrl-C is ignored, and so would what it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
