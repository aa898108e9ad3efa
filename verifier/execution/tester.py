# The test's process. It never holds the candidate: what it calls is a function
# that asks the host, and what comes back is built here, of exact types.

class CandidateError(RuntimeError):
    """An exception of the candidate's that has no equal here."""

class _Wants(BaseException):
    """Ends an assert that is only asked what it would call."""

class _Late(BaseException):
    pass

class _Opaque:
    """A value of a type that does not cross over. Nothing can be told of it."""
    def __init__(self, name):
        self.__dict__['_name'] = name
    def _refuse(self, *_):
        raise TypeError('the answer is of type ' + self.__dict__['_name'] + ', which tests cannot look at')
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __len__ = __iter__ = __hash__ = __contains__ = _refuse
    __getitem__ = __setitem__ = __call__ = __getattr__ = __setattr__ = __index__ = __int__ = __float__ = __str__ = __repr__ = _refuse
    __format__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __mod__ = __neg__ = __abs__ = _refuse
    __enter__ = __exit__ = __next__ = __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __round__ = __bytes__ = _refuse

_NAMES['O'] = _Opaque

# _become makes an argument what the candidate made of it, in place.
def _become(old, new):
    t = type(old)
    if t is not type(new):
        return
    if t is list or t is tuple:
        if len(old) == len(new):
            for i, (a, b) in enumerate(zip(old, new)):
                if type(a) is type(b) and type(a) in (list, dict, set, bytearray, tuple):
                    _become(a, b)
                elif t is list:
                    old[i] = b
        elif t is list:
            old[:] = new
    elif t is dict:
        kept = {k: old[k] for k in old}
        old.clear()
        for k, b in new.items():
            if k in kept and type(kept[k]) is type(b) and type(b) in (list, dict, set, bytearray):
                _become(kept[k], b)
                old[k] = kept[k]
            else:
                old[k] = b
    elif t is set:
        old.clear()
        old.update(new)
    elif t is bytearray:
        old[:] = new

def _mutable(v, depth=0):
    t = type(v)
    if t in (list, dict, set, bytearray):
        return True
    return t is tuple and depth < 8 and any([_mutable(x, depth + 1) for x in v])

def _tester():
    i, o = private()
    lines, put, run, enc, names = Lines(i), send, eval, encode, _NAMES
    kinds = {k: v for k, v in vars(sys.modules['builtins']).items() if isinstance(v, type) and issubclass(v, Exception)}
    state = {'calls': 0, 'table': None, 'live': True}

    def answer(reply, args):
        what, value = reply[0], reply[1]
        if what == '!':  # there is nobody left to ask
            posix._exit(0)
        if what == 'v':
            if reply[2] is not None:
                _become(args, reply[2])
            return value
        kind = kinds.get(what, CandidateError)
        try:
            e = kind(*value)
        except BaseException:
            e = kind()
        raise e from None

    def candidate(*args, **named):
        state['calls'] += 1
        said = enc(args) + ',' + enc(named)
        if state['table'] is not None:
            known = state['table'].get(said)
            if known is None and not state['live']:
                raise _Wants(said)
            if known is not None:
                return answer(run(known, names), args)
        both = _mutable(args)
        put(o, '["c",' + said + (',true]' if both else ',false]'))
        return answer(run(lines.next(), names), args)

    put(o, '["hi"]')
    prompt, text, name, mode, limit = run(lines.next(), names)
    candidate.__name__ = candidate.__qualname__ = name
    m = module('test')
    space = m.__dict__
    code = as_code(prompt)

    def where(e):
        n, tb = 0, e.__traceback__
        while tb is not None:
            if tb.tb_frame.f_code.co_filename == '<test>':
                n = tb.tb_lineno
            tb = tb.tb_next
        return n

    def ended(what, e=None):
        kind = '' if e is None else type(e).__name__ if kinds.get(type(e).__name__) is type(e) else 'Exception'
        put(o, '["%s",%s,%d,%d]' % (what, _text(kind), state['calls'], 0 if e is None else where(e)))

    if mode == 'check':
        failed = None
        try:
            if code:
                exec(compile(code, '<prompt>', 'exec', 0, True), space)
            space[name] = candidate
            body = compile(text, '<test>', 'exec', 0, True)
        except BaseException as e:
            failed = e

        def check():
            if failed is not None:
                return ended('broken', failed)
            try:
                exec(body, space)
            except BaseException as e:
                return ended('fail' if state['calls'] else 'broken', e)
            f = space.get('check')
            if callable(f):
                try:
                    f(candidate)
                except BaseException as e:
                    return ended('fail', e)
            ended('pass' if state['calls'] else 'broken')

        # Each candidate meets the test in a fork of its own, which knows nothing
        # of those before.
        while True:
            lines.next()
            child = posix.fork()
            if not child:
                _signal.setitimer(_signal.ITIMER_PROF, limit)
                try:
                    check()
                finally:
                    posix._exit(0)
            posix.waitpid(child, 0)
            put(o, '["next"]')

    # mode 'asserts': text is a list of samples, each some asserts of a model's.
    armed = [False]
    def late(*_):
        if armed[0]:
            raise _Late
    _signal.signal(_signal.SIGPROF, late)

    def one(code):
        state['calls'] = 0
        _signal.setitimer(_signal.ITIMER_PROF, limit, 0.05)
        try:
            armed[0] = True
            exec(code, dict(space))
            armed[0] = False
            return '1'
        except _Wants:
            raise
        except BaseException:
            armed[0] = False
            return '0'
        finally:
            armed[0] = False
            _signal.setitimer(_signal.ITIMER_PROF, 0)

    try:
        if code:
            exec(compile(code, '<prompt>', 'exec', 0, True), space)
    except BaseException:
        pass
    space[name] = candidate
    most, samples = text
    counts = {}
    for sample in samples:
        for a in asserts(sample, name)[:most]:
            counts[a] = counts.get(a, 0) + 1
    codes, wants = [compile(a, '<test>', 'exec', 0, True) for a in counts], {}
    state['table'], state['live'] = {}, False
    for c in codes:
        try:
            one(c)
        except _Wants as w:
            wants[w.args[0]] = True
    state['live'] = True
    put(o, '["t",[' + ','.join(['[%s,%d]' % (_text(a), n) for a, n in counts.items()]) + '],[' + ','.join(['[' + w + ']' for w in wants]) + ']]')
    wants = list(wants)
    while True:
        table = run(lines.next(), names)
        state['table'] = dict(zip(wants, table))
        put(o, '["p","' + ''.join([one(c) for c in codes]) + '"]')

# asserts are the asserts in what a model wrote after "assert ", whole
# statements that name the function, in order.
def asserts(text, name):
    found = []
    for piece in ('\n' + text).replace('\nassert ', '\n\0').replace('assert ', '\0').lstrip('\n').split('\0'):
        lines = piece.strip().split('\n')
        for n in range(1, min(len(lines), 24) + 1):
            said = 'assert ' + '\n'.join(lines[:n]).rstrip()
            try:
                tree = compile(said, '<test>', 'exec', 0x400)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
            if len(tree.body) == 1 and _names(tree, name):
                found.append(said)
            break
    return found

def _names(tree, name):
    left = [tree]
    while left:
        n = left.pop()
        if type(n).__name__ == 'Name' and n.id == name:
            return True
        for f in n._fields:
            v = getattr(n, f, None)
            if isinstance(v, list):
                left += [x for x in v if hasattr(x, '_fields')]
            elif hasattr(v, '_fields'):
                left.append(v)
    return False

_tester()
