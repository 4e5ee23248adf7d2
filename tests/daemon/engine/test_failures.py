"""What an exception in a worker becomes: a code and a line in words."""

import errno
import os

from daemon.engine.failures import describe_failure


def test_a_full_disk_is_said_in_words_with_the_file_where_it_is_known() -> None:
    for name, said in (((), "no space is left on the disk"), (("/m/log",), "/m/log: no space is left on the disk")):
        told = describe_failure(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), *name))
        assert (told["code"], told["message"]) == ("E_DISK_FULL", said)
        assert "free some space" in told["hint"]
