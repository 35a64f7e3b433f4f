"""Expressions that a call evaluates in a built program, which is without what nobody needs: none of them traps."""

from __future__ import annotations

import pytest

from stdbpy.api import ApiClient
from stdbpy.server.config import ServerConfig
from stdbpy.server.run import RunningServer
from tests.wasm.building import Build

EXPRESSIONS = [
    "1/0",
    "int('x'*50)",
    "'é'.casefold().upper().title()",
    "'\\u0130'.lower()",
    "'x'.isidentifier() and 'é'.isidentifier()",
    "f'{3.14159:>10.2f} {10**30:,} {1e300!r} {complex(1,2)}'",
    "float.fromhex('0x1.8p3').hex()",
    "b'abc'.hex(' ')",
    "bytes.fromhex('zz')",
    "memoryview(b'abcd').cast('I').tolist()",
    "__import__('json').loads('{')",
    "__import__('json').dumps({'a':[1,2.5,None]})",
    "eval('(lambda *a, **k: (a, k))(1, b=2)')",
    "compile('x = (', 'f', 'exec')",
    "exec('class A:\\n  def f(self): return super().__init__()\\nA().f()')",
    "__import__('re').sub(r'(?i)(a+)\\b', r'<\\1>', 'aa BAA é')",
    "__import__('decimal').Decimal('1.1')**50",
    "__import__('fractions').Fraction(1,3)+1",
    "__import__('datetime').datetime.strptime('2026-01-02','%Y-%m-%d').isoformat()",
    "__import__('time').strftime('%A', __import__('time').gmtime(0))",
    "ExceptionGroup('g',[ValueError(1),TypeError(2)])",
    "(lambda: (yield))().send(1)",
    "sorted([3,'a'])",
    "{}['k']",
    "[].pop()",
    "object().x",
    "None+1",
    "len(5)",
    "int.from_bytes(b'\\xff'*20,'big')",
    "str(10**4299)",
    "str(10**5000)",
    "int('9'*4000)",
    "__import__('weakref').ref(type('X',(),{})())()",
    "__import__('gc').collect()",
    "__import__('sys')._getframe().f_lineno",
    "__import__('warnings').warn('w')",
    "__import__('copy').deepcopy({'a':[{1,2}]})",
    "__import__('pickle').loads(__import__('pickle').dumps([1,{'a':b'x'}]))",
    "__import__('marshal').loads(__import__('marshal').dumps([1,'x']))",
    "__import__('struct').pack('<IqQ',1,-2,3)",
    "__import__('struct').pack('B',300)",
    "__import__('array').array('d',[1,2])",
    "__import__('hashlib').sha256(b'x').hexdigest()",
    "__import__('hashlib').blake2b(b'x').hexdigest()[:8]",
    "__import__('hmac').new(b'k',b'm','sha256').hexdigest()[:8]",
    "__import__('base64').b85encode(b'abc')",
    "__import__('binascii').crc32(b'abc')",
    "__import__('math').lgamma(4.5)",
    "__import__('statistics').stdev([1,2,4])",
    "__import__('random').sample(range(100),3) and 1",
    "__import__('uuid').uuid4().version",
    "__import__('threading').RLock().acquire()",
    "__import__('queue').Queue().put(1)",
    "__import__('contextvars').ContextVar('x').set(1)",
    "__import__('unicodedata').name('é')",
    "'\\N{BULLET}'",
    "'é'.encode('ascii')",
    "b'\\xff'.decode()",
    "'x'.encode('utf-16')",
    "'x'.encode('cp1250')",
    "'abc'.encode('idna')",
    "open('x')",
    "__import__('os').listdir('/')",
    "__import__('os').getcwd()",
    "__import__('os').getpid()",
    "__import__('sys').stdout.write('hey\\n')",
    "__import__('io').StringIO('a\\nb').readlines()",
    "__import__('io').TextIOWrapper(__import__('io').BytesIO(b'a\\r\\nb')).read()",
    "__import__('collections').Counter('abca').most_common(1)",
    "__import__('itertools').pairwise",
    "list(__import__('itertools').permutations('abc'))[-1]",
    "__import__('functools').lru_cache(lambda x: x)(3)",
    "__import__('enum').Enum('E','A B').B.name",
    "__import__('dataclasses').make_dataclass('D',['x'])(1)",
    "__import__('typing').NamedTuple('N',[('x',int)])(1)",
    "type('M',(type,),{'__call__':lambda c:5})('K',(),{})()",
    "vars",
    "dir(1)[:2]",
    "help",
    "input()",
    "breakpoint()",
    "globals().keys() and 1",
    "setattr(int,'x',1)",
    "(1).__class__.__mro__",
    "[*range(10)][::-2]",
    "'%s %r %5.1f %x' % ('a','b',1.5,255)",
    "'{:%Y}'.format(__import__('datetime').date(2026,1,1))",
    "(lambda f: f(f))(lambda f: f(f))",
    "''.join(chr(i) for i in range(0x10000,0x10100)).upper()[:1]",
    "divmod(-7,2),pow(3,-1,7),round(2.675,2)",
    "10**3000 // 7**1000 % 1000",
    "hash((1,'a'))",
    "frozenset([1])|{2}",
    "bytearray(b'abc').extend(5)",
    "max([])",
    "next(iter([]))",
    "zip([1],[1,2],strict=True).__next__()",
    "async_()",
    "__import__('inspect').signature(print)",
    "__import__('traceback').format_exc()",
    "__import__('textwrap').wrap('a b c',3)",
    "__import__('csv').reader(['a,b']).__next__()",
    "__import__('ast').parse('1+1').body",
    "__import__('tokenize')",
    "__import__('urllib.parse').parse.quote('é')",
    "__import__('ipaddress').ip_address('::1')",
    "__import__('string').Template('$a').substitute(a=1)",
    "__import__('heapq').nsmallest(1,[2,1])",
    "__import__('bisect').bisect([1,2],1)",
    "__import__('calendar').monthrange(2026,2)",
    "__import__('zoneinfo').ZoneInfo('UTC')",
    "__import__('tomllib').loads('a=1')",
    "__import__('secrets').token_hex(2) and 1",
    "__import__('operator').attrgetter('x')(1)",
    "__import__('types').SimpleNamespace(a=1)",
    "__import__('abc').ABC",
    "__import__('numbers').Number",
    "__import__('graphlib').TopologicalSorter({1:[2]}).prepare()",
    "__import__('difflib').ndiff(['a'],['b']).__next__()",
    "__import__('pprint').pformat({'a':1})",
    "__import__('html').escape('<')",
    "__import__('email.message').message.Message().as_string()",
    "__import__('cmath').sqrt(-1)",
    "__import__('_datetime')",
    "__import__('sys').getsizeof([])",
    "__import__('sys').intern('x')",
    "__import__('codecs').lookup('rot13').name",
    "__import__('logging').getLogger('x').warning('w')",
    "x = [i for i in range(3)]",
    "bytearray(50<<20) and 1",
]
"""Values and errors of all kinds, imports that run first at a call, and what takes up memory."""

MODULE = """\
from stdbpy import ReducerContext, reducer

@reducer
def evaluate(ctx: ReducerContext, expressions: list[str]) -> None:
    for expression in expressions:
        try:
            repr(eval(expression, {}))
        except BaseException as error:
            f"{type(error).__name__}: {error}"
"""


@pytest.mark.long  # the server compiles the programs
@pytest.mark.timeout(300)
@pytest.mark.parametrize("keeps_library", [False, True])
def test_no_expression_traps(keeps_library: bool, build: Build) -> None:
    program = build(MODULE, keeps_library=keeps_library).program

    with RunningServer(ServerConfig(listen_addr="127.0.0.1:0")) as running, ApiClient(running.url) as anyone:
        token = anyone.create_identity().token
        with ApiClient(running.url, token, timeout=120.0) as api:
            database = api.publish(program, None).database_identity.hex()
            for first in range(0, len(EXPRESSIONS), 10):
                api.call(database, "evaluate", [EXPRESSIONS[first : first + 10]])
