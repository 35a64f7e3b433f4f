"""What Python's standard library has and a module in WebAssembly has not, and why.

Read by the runtime's recipe, which leaves these modules and packages (with all in them) out of the library; by the
runtime, which gives the reason to whoever imports one; and by :mod:`stdbpy.module.as_in_webassembly`.
"""

_NETWORK = "a module reaches the network through the HTTP requests of procedures alone, not through sockets"
_LOOP = "a module has no event loop: its functions run from start to end, one at a time"
_THREADS = "a module runs in one thread, and starts no other"
_PROCESSES = "a module cannot start other programs"
_FILES = "a module has no file system"
_TERMINAL = "a module has no terminal and no screen"
_C_LIBRARY = "it needs a C library that is not part of the runtime"
_XML = "the XML parser (expat) is not part of the runtime"
_DEVELOPMENT = "it is a tool for developing, not for programs that run"
_INSTALLING = "it installs and packs programs"
_OTHER_SYSTEM = "it is for another system"
_REPLACED = "the runtime has the same, written in C"

LEFT_OUT: dict[str, str] = {
    # network
    "asyncio": _LOOP,
    "_asyncio": _LOOP,
    "ftplib": _NETWORK,
    "http.client": _NETWORK,
    "http.cookiejar": _NETWORK,
    "http.server": _NETWORK,
    "imaplib": _NETWORK,
    "poplib": _NETWORK,
    "select": _NETWORK,
    "selectors": _NETWORK,
    "smtplib": _NETWORK,
    "socket": _NETWORK,
    "_socket": _NETWORK,
    "socketserver": _NETWORK,
    "ssl": _NETWORK,
    "_ssl": _NETWORK,
    "urllib.request": _NETWORK,
    "urllib.robotparser": _NETWORK,
    "webbrowser": _NETWORK,
    "wsgiref": _NETWORK,
    "xmlrpc": _NETWORK,
    # threads and processes
    "concurrent.futures.process": _PROCESSES,
    "concurrent.futures.thread": _THREADS,
    "multiprocessing": _PROCESSES,
    "pty": _PROCESSES,
    "subprocess": _PROCESSES,
    "_posixsubprocess": _PROCESSES,
    # files
    "dbm": _FILES,
    "filecmp": _FILES,
    "fileinput": _FILES,
    "fcntl": _FILES,
    "mailbox": _FILES,
    "mmap": _FILES,
    "netrc": _FILES,
    "shelve": _FILES,
    "sqlite3": "the module is inside a database: its tables are there instead",
    "wave": _FILES,
    # C libraries
    "bz2": _C_LIBRARY,
    "ctypes": _C_LIBRARY,
    "gzip": _C_LIBRARY,
    "lzma": _C_LIBRARY,
    "tarfile": _C_LIBRARY,
    "zipapp": _C_LIBRARY,
    "zipfile": _C_LIBRARY,
    "zlib": _C_LIBRARY,
    "xml": _XML,
    "pyexpat": _XML,
    "plistlib": _XML,
    # terminals
    "cmd": _TERMINAL,
    "curses": _TERMINAL,
    "readline": _TERMINAL,
    "rlcompleter": _TERMINAL,
    "termios": _TERMINAL,
    "tkinter": _TERMINAL,
    "tty": _TERMINAL,
    "turtle": _TERMINAL,
    "turtledemo": _TERMINAL,
    "_pyrepl": _TERMINAL,
    # development
    "bdb": _DEVELOPMENT,
    "cProfile": _DEVELOPMENT,
    "code": _DEVELOPMENT,
    "compileall": _DEVELOPMENT,
    "doctest": _DEVELOPMENT,
    "idlelib": _DEVELOPMENT,
    "modulefinder": _DEVELOPMENT,
    "pdb": _DEVELOPMENT,
    "pickletools": _DEVELOPMENT,
    "profile": _DEVELOPMENT,
    "pstats": _DEVELOPMENT,
    "py_compile": _DEVELOPMENT,
    "pyclbr": _DEVELOPMENT,
    "pydoc": _DEVELOPMENT,
    "pydoc_data": _DEVELOPMENT,
    "symtable": _DEVELOPMENT,
    "tabnanny": _DEVELOPMENT,
    "test": _DEVELOPMENT,
    "trace": _DEVELOPMENT,
    "tracemalloc": _DEVELOPMENT,
    "unittest": _DEVELOPMENT,
    "ensurepip": _INSTALLING,
    "site": _INSTALLING,
    "venv": _INSTALLING,
    # others' systems, others' code
    "grp": _OTHER_SYSTEM,
    "ntpath": _OTHER_SYSTEM,
    "nturl2path": _OTHER_SYSTEM,
    "pwd": _OTHER_SYSTEM,
    "resource": _OTHER_SYSTEM,
    "syslog": _OTHER_SYSTEM,
    "winreg": _OTHER_SYSTEM,
    "_aix_support": _OTHER_SYSTEM,
    "_android_support": _OTHER_SYSTEM,
    "_apple_support": _OTHER_SYSTEM,
    "_ios_support": _OTHER_SYSTEM,
    "_osx_support": _OTHER_SYSTEM,
    "_pydatetime": _REPLACED,
    "_pydecimal": _REPLACED,
    "_pyio": _REPLACED,
    # jokes and examples
    "antigravity": _DEVELOPMENT,
    "this": _DEVELOPMENT,
    "__hello__": _DEVELOPMENT,
    "__phello__": _DEVELOPMENT,
}
