"""What a module writes: ``ctx.log``, ``logging`` and ``print``."""

from __future__ import annotations

import logging
import sys

import pytest

from stdbpy.module.host import LogLevel
from tests.module.fake_host import LogLine
from tests.module.running import load_code, run


def test_lines_have_level_target_file_and_line():
    game = run(
        root="/somewhere",
        files={
            "game.py": """\
        import logging
        from stdbpy import reducer
        logger = logging.getLogger("game.deep")
        @reducer
        def talk(ctx):
            ctx.log.info("%s and %s", 1, 2)
            logger.warning("deep")
            logging.error("root")
            print("printed", 3, sep="-")
        """
        },
    )
    game.call("talk")
    assert game.host.logged == [
        LogLine(LogLevel.INFO, "game", "game.py", 6, "1 and 2"),
        LogLine(LogLevel.WARN, "game.deep", "game.py", 7, "deep"),
        LogLine(LogLevel.ERROR, "root", "game.py", 8, "root"),
        LogLine(LogLevel.INFO, "game", "game.py", 9, "printed-3"),
    ]


def test_the_target_is_the_entry():
    game = run("@reducer\ndef talk(ctx): ctx.log.info('x')", entry="world.game", files={"world/__init__.py": ""})
    game.call("talk")
    [line] = game.host.logged
    assert (line.target, line.file) == ("world.game", "world/game.py")


@pytest.mark.parametrize(
    ("method", "level"),
    [
        ("critical", LogLevel.ERROR),
        ("error", LogLevel.ERROR),
        ("warning", LogLevel.WARN),
        ("info", LogLevel.INFO),
        ("debug", LogLevel.DEBUG),
    ],
)
def test_levels(method, level):
    game = run(f"""
        import logging
        @reducer
        def talk(ctx):
            ctx.log.{method}("a")
            logging.{method}("b")
    """)
    game.call("talk")
    assert [line.level for line in game.host.logged] == [level, level]


def test_levels_below_debug_are_trace_if_asked_for():
    game = run("""
        from logging import getLogger, DEBUG
        getLogger("fine").setLevel(1)
        @reducer
        def talk(ctx):
            getLogger("fine").log(DEBUG - 5, "shown")
            getLogger("coarse").log(DEBUG - 5, "hidden")
    """)
    game.call("talk")
    assert [(line.level, line.message) for line in game.host.logged] == [(LogLevel.TRACE, "shown")]


def test_an_exception_is_logged_with_its_traceback():
    game = run("""
        @reducer
        def talk(ctx):
            try:
                1 / 0
            except ZeroDivisionError:
                ctx.log.exception("oh")
    """)
    game.call("talk")
    [line] = game.host.logged
    assert line.level is LogLevel.ERROR
    assert line.message.startswith("oh\nTraceback (most recent call last):\n")
    assert line.message.endswith("ZeroDivisionError: division by zero")


def test_a_line_whose_values_do_not_fit_ends_no_call():
    game = run("""
        class Shy:
            def __repr__(self): raise OSError("no")

        @reducer
        def talk(ctx):
            ctx.log.info("%d sheep", "ten")
            ctx.log.warning("%s and %s", "one")
            ctx.log.info("one", "two")
            ctx.log.info("%r", Shy())
    """)
    game.call("talk")
    told = [(line.level, line.line, line.message.partition(" (not formatted: ")) for line in game.host.logged]
    assert [(level, message) for level, _, (message, _, _) in told] == [
        (LogLevel.INFO, "%d sheep ('ten',)"),
        (LogLevel.WARN, "%s and %s ('one',)"),
        (LogLevel.INFO, "one ('two',)"),
        (LogLevel.INFO, "%r with values that cannot be shown"),
    ]
    assert [why.partition(":")[0] for _, _, (_, _, why) in told] == ["TypeError", "TypeError", "TypeError", "OSError"]


def test_levels_of_a_module_are_its_own():
    code = """
        import logging
        logging.basicConfig(level=logging.WARNING)
        logging.getLogger("loud").setLevel(logging.DEBUG)
        @reducer
        def talk(ctx):
            logging.info("hidden")
            logging.getLogger("loud").debug("shown")
    """
    before = logging.getLogger().level, logging.getLogger("loud").level, list(logging.getLogger().handlers)
    quiet, other = run(code), run(code.replace("WARNING", "INFO"))
    quiet.call("talk")
    other.call("talk")
    assert quiet.messages == ["shown"]
    assert other.messages == ["hidden", "shown"]
    assert (logging.getLogger().level, logging.getLogger("loud").level, logging.getLogger().handlers) == before


def test_the_rest_of_the_process_logs_elsewhere(caplog):
    game = run("""
        @reducer
        def talk(ctx):
            ctx.log.info("here")
            from stdbpy_test_elsewhere import speak
            speak()
    """)
    elsewhere = type(sys)("stdbpy_test_elsewhere")
    elsewhere.speak = lambda: logging.getLogger("game").warning("there")
    sys.modules["stdbpy_test_elsewhere"] = elsewhere
    try:
        game.call("talk")
    finally:
        del sys.modules["stdbpy_test_elsewhere"]
    assert game.messages == ["here"]
    assert caplog.messages == ["there"]


def test_the_logging_of_a_module_is_the_standard_one_otherwise():
    game = run("""
        import logging, logging.handlers
        from logging import Logger, LoggerAdapter, handlers
        @reducer
        def talk(ctx):
            assert isinstance(ctx.log, logging.Logger) and logging.Logger is Logger
            assert logging.getLogger() is logging.root is logging.getLogger("root")
            assert logging.handlers is handlers
            LoggerAdapter(ctx.log, {}).info("adapted")
            logging.disable()
            ctx.log.info("hidden")
            logging.disable(logging.NOTSET)
    """)
    game.call("talk")
    assert game.messages == ["adapted"]


def test_print_to_a_file_is_left_alone(capsys):
    game = run("""
        import sys, io
        @reducer
        def talk(ctx):
            text = io.StringIO()
            print("kept", file=text)
            print("to stdout", file=sys.stdout)
            print("several\\nlines", "and no end", end="")
            print()
            print(text.getvalue(), end="")
    """)
    game.call("talk")
    assert game.messages == ["several\nlines and no end", "", "kept"]
    assert capsys.readouterr().out == "to stdout\n"


def test_output_during_import_goes_to_stderr(capsys):
    load_code("import logging\nprint('one')\nlogging.info('two')\n@reducer\ndef noop(ctx): pass")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "one\nINFO: two\n"


def test_a_module_bound_twice_logs_to_the_database_that_calls():
    first = run("@reducer\ndef talk(ctx): print(ctx.sender); ctx.log.info('x')")
    second = type(first)(first.module)
    first.call("talk")
    second.call("talk")
    second.call("talk")
    assert (len(first.messages), len(second.messages)) == (2, 4)


WAYS = """
        import logging, sys
        logger = logging.getLogger("game.deep")

        class Own(logging.Logger):
            pass

        def helper(ctx):
            ctx.log.info("of who called", stacklevel=2)

        @reducer
        def talk(ctx):
            ctx.log.info("%(what)s", {"what": "named"})
            ctx.log.info("%s", {})
            ctx.log.info("100 %")
            ctx.log.info(17)
            ctx.log.warning("%d%%", 5)
            ctx.log.log(25, "between")
            logging.LoggerAdapter(logger, {}).info("adapted %s", "too")
            helper(ctx)
            logging.info("root %s", None)
            logging.critical("with more", extra={"more": 1})
            try:
                1 / 0
            except ZeroDivisionError:
                logger.error("failed", exc_info=True)
            logging.setLoggerClass(Own)
            print(logging.getLoggerClass() is Own, type(logging.getLogger("own")) is Own)
            logging.getLogger("own").info("of its own class")
"""


def test_lines_are_what_records_would_make_of_them():
    plain = run(WAYS)
    recorded = run(f"{WAYS.rstrip()}\n        logging.root.handlers[0].addFilter(lambda record: True)\n")

    plain.call("talk")
    recorded.call("talk")

    assert plain.host.logged == recorded.host.logged
    assert plain.messages[:6] == ["named", "{}", "100 %", "17", "5%", "between"]
    assert len({line.line for line in plain.host.logged}) == len(plain.host.logged)
    assert logging.getLoggerClass() is logging.Logger


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        ("logger.addFilter(lambda record: 'a' in record.msg)", ["a"]),
        ("root.handlers[0].addFilter(lambda record: 'b' in record.msg)", ["b"]),
        ("root.handlers[0].setLevel(logging.ERROR)", ["b"]),
        ("root.handlers[0].setFormatter(logging.Formatter('%(levelname)s %(message)s'))", ["INFO a", "ERROR b"]),
        ("logger.propagate = False", []),
        ("logger.addHandler(Loud())", ["A", "a", "B", "b"]),
        ("root.addHandler(Loud())", ["a", "A", "b", "B"]),
        ("logger.disabled = True", []),
        ("logger.setLevel(logging.ERROR)", ["b"]),
    ],
)
def test_who_wants_to_look_at_lines_gets_records(change, messages):
    game = run(f"""
        import logging
        root = logging.getLogger()
        logger = logging.getLogger("inner")

        class Loud(logging.Handler):
            def emit(self, record):
                print(record.getMessage().upper())

        @reducer
        def talk(ctx):
            logger.info("a")
            logger.error("b")

        {change}
    """)
    game.call("talk")
    assert game.messages == messages


def test_a_logger_class_of_the_authors_own_sees_its_records():
    game = run("""
        import logging

        class Marked(logging.getLoggerClass()):
            def handle(self, record):
                record.msg = f"marked {record.msg}"
                super().handle(record)

        logging.setLoggerClass(Marked)
        logger = logging.getLogger("inner")

        @reducer
        def talk(ctx):
            logger.info("a")
    """)
    game.call("talk")
    assert game.messages == ["marked a"]
