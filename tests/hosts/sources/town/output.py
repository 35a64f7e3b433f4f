"""What modules write: by ctx.log, logging and print."""

import logging

from stdbpy import ReducerContext, ReducerError, reducer

log = logging.getLogger("town.crier")


@reducer
def cry(ctx: ReducerContext) -> None:
    ctx.log.debug("of %s", "ctx.log")
    ctx.log.info("two\nlines, ü✓𝄞")
    ctx.log.warning("%d %%", 100)
    log.error("of a logger")
    log.critical("%(name)s", {"name": "critical"})
    logging.info("of the root")
    print("printed", 1, 2.5, None, sep="|")
    print("without an end", end="")
    print()
    try:
        {}["missing"]
    except KeyError:
        log.exception("that was")
    log.log(5, "below debug")
    log.debug("last")


@reducer
def whisper(ctx: ReducerContext) -> None:
    ctx.log.info("is logged though the call fails")
    raise ReducerError("Hush! ü✓𝄞\nsecond line")
