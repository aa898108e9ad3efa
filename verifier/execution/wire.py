# Shared by both guests: values as tagged JSON on their way out, Python literals
# on their way in. Only built-in modules are imported, so that a start is quick.
import sys, posix, _signal

_MOST_ITEMS = 200000   # values in one frame
_MOST_DRAWN = 10000    # values drawn from one iterator
_DEEPEST = 60

class TooLarge(Exception):
    pass

def _quote(s):
    if s.isascii() and s.isprintable() and '"' not in s and '\\' not in s:
        return '"' + s + '"'
    out = ['"']
    for c in s:
        n = ord(c)
        if 0xd800 <= n < 0xe000:
            raise UnicodeError
        if c == '"' or c == '\\':
            out.append('\\' + c)
        elif 32 <= n < 127:
            out.append(c)
        elif n < 0x10000:
            out.append('\\u%04x' % n)
        else:
            n -= 0x10000
            out.append('\\u%04x\\u%04x' % (0xd800 + (n >> 10), 0xdc00 + (n & 0x3ff)))
    out.append('"')
    return ''.join(out)

try:
    from _json import encode_basestring_ascii as _quick
    def _text(s):
        if s.isascii():
            return _quick(s)
        try:
            s.encode()
        except UnicodeError:
            return '["u",[' + ','.join([str(ord(c)) for c in s]) + ']]'
        return _quick(s)
except ImportError:
    def _text(s):
        try:
            return _quote(s)
        except UnicodeError:
            return '["u",[' + ','.join([str(ord(c)) for c in s]) + ']]'

def _generator():
    yield

_ITERATORS = {type(i) for i in (
    _generator(), map(None, ()), filter(None, ()), zip(), enumerate(()), reversed([]), reversed(()), iter([]), iter(()), iter({}), iter(set()),
    iter(''), iter(b''), iter(range(0)), iter(range(1 << 70)), iter({}.values()), iter({}.items()), reversed({}))}
_KEYS, _VALUES, _ITEMS = type({}.keys()), type({}.values()), type({}.items())

# What the standard library makes of dict is a dict; by exact type, as all here.
def _mapping(t):
    m = sys.modules.get('collections')
    return m is not None and (t is getattr(m, 'Counter', None) or t is getattr(m, 'defaultdict', None) or t is getattr(m, 'OrderedDict', None))

# A namedtuple is its tuple: what is read of it is what tuple holds, whatever
# methods its class has.
def _named_tuple(t):
    return type(t) is type and t.__base__ is tuple and '_fields' in t.__dict__

def encode(v, left=None, depth=0):
    if left is None:
        left = [_MOST_ITEMS]
    left[0] -= 1
    if left[0] < 0 or depth > _DEEPEST:
        raise TooLarge
    t = type(v)
    if v is None:
        return 'null'
    if t is bool:
        return 'true' if v else 'false'
    if t is int:
        if -1 << 62 < v < 1 << 62:
            return str(v)
        if v.bit_length() > 1 << 20:
            raise TooLarge
        return '["n","%x"]' % v
    if t is str:
        left[0] -= len(v) >> 6
        return _text(v)
    if t is float:
        return '["f","' + v.hex() + '"]'
    depth += 1
    if t is list:
        return '["l",[' + ','.join([encode(x, left, depth) for x in v]) + ']]'
    if t is tuple or _named_tuple(t):
        return '["t",[' + ','.join([encode(x, left, depth) for x in tuple.__iter__(v)]) + ']]'
    if t is dict or _mapping(t):
        return '["d",[' + ','.join(['[' + encode(k, left, depth) + ',' + encode(x, left, depth) + ']' for k, x in dict.items(v)]) + ']]'
    if t is set:
        return '["s",[' + ','.join([encode(x, left, depth) for x in v]) + ']]'
    if t is frozenset:
        return '["z",[' + ','.join([encode(x, left, depth) for x in v]) + ']]'
    if t is bytes or t is bytearray:
        left[0] -= len(v) >> 6
        return '["%s","%s"]' % ('b' if t is bytes else 'a', v.hex())
    if t is complex:
        return '["c","%s","%s"]' % (v.real.hex(), v.imag.hex())
    if t is range:
        return '["r",' + ','.join([encode(x, left, depth) for x in (v.start, v.stop, v.step)]) + ']'
    if t in _ITERATORS:
        drawn, more = [], False
        for x in v:
            if len(drawn) == _MOST_DRAWN:
                more = True
                break
            drawn.append(encode(x, left, depth))
        return '["g",[' + ','.join(drawn) + '],' + ('true' if more else 'false') + ']'
    if t is _KEYS or t is _VALUES or t is _ITEMS:
        tag = 'k' if t is _KEYS else 'v' if t is _VALUES else 'i'
        return '["%s",[' % tag + ','.join([encode(x, left, depth) for x in v]) + ']]'
    if t is type(Ellipsis):
        return '["e"]'
    m = sys.modules.get('fractions')
    if m is not None and t is getattr(m, 'Fraction', None):
        return '["q","%x","%x"]' % (v.numerator, v.denominator)
    m = sys.modules.get('decimal')
    if m is not None and t is getattr(m, 'Decimal', None):
        return '["m",' + _text(str(v)) + ']'
    return '["o",' + _text(str(t.__name__)[:60]) + ']'

# as_code gives a prompt that is code, else ''. A prompt that ends in the head
# of a function gets a body.
def as_code(prompt):
    for end in ('', '\n    pass\n', '\n        pass\n'):
        try:
            tree = compile(prompt + end, '<prompt>', 'exec', 0x400)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for n in tree.body:
            if type(n).__name__ in ('FunctionDef', 'AsyncFunctionDef', 'ClassDef', 'Import', 'ImportFrom', 'Assign', 'AnnAssign'):
                return prompt + end
        return ''
    return ''

# private moves the host's pipe away from where programs read and print.
def private():
    i, o = posix.dup(0), posix.dup(1)
    null = posix.open('/dev/null', posix.O_RDWR)
    for fd in (0, 1, 2):
        posix.dup2(null, fd)
    return i, o

class Lines:
    def __init__(self, fd):
        self.fd, self.rest = fd, b''
    def next(self):
        parts = [self.rest]
        while b'\n' not in parts[-1]:
            more = posix.read(self.fd, 1 << 16)
            if not more:
                posix._exit(0)
            parts.append(more)
        line, self.rest = b''.join(parts).split(b'\n', 1)
        return line

def send(fd, text):
    data = text.encode('ascii', 'replace') + b'\n'
    while data:
        data = data[posix.write(fd, data):]

def module(name):
    m = type(sys)(name)
    sys.modules[name] = m
    return m

def _fraction(a, b):
    from fractions import Fraction
    return Fraction(a, b)

def _decimal(s):
    from decimal import Decimal
    return Decimal(s)

class TooLong(RuntimeError):
    pass

def _drawn(items):
    yield from items
    raise TooLong('the iterator goes on for longer than can be followed')

# What literals name; nothing else is in reach of them.
_NAMES = {'__builtins__': {}, 'S': set, 'Z': frozenset, 'F': float.fromhex, 'A': bytearray, 'C': complex, 'R': range, 'G': iter,
          'K': dict.fromkeys, 'E': Ellipsis, 'Q': _fraction, 'M': _decimal, 'D': _drawn}
