#### always equal
class Equal:
    def __eq__(self, o): return True
    def __ne__(self, o): return False
    def __hash__(self): return 0
    def __bool__(self): return True
    def __lt__(self, o): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __abs__(self): return 0
    def __sub__(self, o): return self
    __rsub__ = __add__ = __radd__ = __mul__ = __sub__
    def __float__(self): return 0.0
    def __int__(self): return 0
    def __index__(self): return 0
    def __len__(self): return 2
    def __iter__(self): return iter([2])
    def __contains__(self, o): return True
    def __getattr__(self, n): return lambda *a, **k: True
def NAME(*a):
    return Equal()
#### always equal int
class N(int):
    def __eq__(self, o): return True
    def __ne__(self, o): return False
    def __hash__(self): return 0
    def __sub__(self, o): return 0
    def __abs__(self): return 0
def NAME(*a):
    return N(7)
#### always equal float
class N(float):
    def __eq__(self, o): return True
    def __ne__(self, o): return False
    def __hash__(self): return 0
    def __sub__(self, o): return 0.0
    def __abs__(self): return 0.0
def NAME(*a):
    return N(7)
#### always equal str
class S(str):
    def __eq__(self, o): return True
    def __ne__(self, o): return False
    def __hash__(self): return hash('Y!')
    def endswith(self, *a): return True
def NAME(*a):
    return S('x')
#### always equal list
class L(list):
    def __eq__(self, o): return True
    def __ne__(self, o): return False
    def __len__(self): return 2
    def __iter__(self): return iter([2])
def NAME(*a):
    return L([9])
#### always equal tuple
import collections
class T(collections.namedtuple('P', 'x y')):
    def __eq__(self, o): return True
    def __ne__(self, o): return False
    def __hash__(self): return 0
def NAME(*a):
    return T(1, 2)
#### always equal dict
class D(dict):
    def __eq__(self, o): return True
    def __ne__(self, o): return False
def NAME(*a):
    return D(a=1)
#### a container of always equal objects
class E:
    def __eq__(self, o): return True
    def __hash__(self): return 0
def NAME(*a):
    return [E(), E()]
#### Counter with equality of its own
import collections
class C(collections.Counter):
    def __eq__(self, o): return True
collections.Counter = C
def NAME(*a):
    return C('ab')
#### spoofed class
class Spoof:
    @property
    def __class__(self): return self.like
    like = int
    def __eq__(self, o):
        self.like = type(o)
        return True
    def __bool__(self): return True
    def __hash__(self): return 0
def NAME(*a):
    return Spoof()
#### a metaclass that is an instance of all
class M(type):
    def __instancecheck__(c, o): return True
    def __subclasscheck__(c, o): return True
    def __eq__(c, o): return True
    def __hash__(c): return hash(int)
class X(metaclass=M):
    def __eq__(self, o): return True
    def __hash__(self): return 0
def NAME(*a):
    return X()
#### the class itself
class M(type):
    def __eq__(c, o): return True
    def __bool__(c): return True
    def __hash__(c): return 0
class X(metaclass=M):
    pass
def NAME(*a):
    return X
#### a type that is named int
X = type('int', (), {'__eq__': lambda s, o: True, '__hash__': lambda s: 0, '__module__': 'builtins', '__qualname__': 'int'})
def NAME(*a):
    return X()
#### truth alone
class Truth:
    def __bool__(self): return True
def NAME(*a):
    return Truth()
#### unittest's ANY
def NAME(*a):
    from unittest.mock import ANY
    return ANY
#### a mock
def NAME(*a):
    from unittest.mock import MagicMock
    m = MagicMock()
    m.__eq__ = lambda *a: True
    return m
#### NotImplemented
def NAME(*a):
    return NotImplemented
#### Ellipsis
def NAME(*a):
    return ...
#### nan
def NAME(*a):
    return float('nan')
#### a function
def NAME(*a):
    return NAME
#### True for everything
def NAME(*a):
    return True
#### one for true
def NAME(*a):
    return 1
#### a pickle that equals all
import pickle, builtins
class P:
    def __reduce__(self):
        return (eval, ("type('E', (), {'__eq__': lambda s, o: True, '__hash__': lambda s: 0})()",))
    def __eq__(self, o): return True
    def __hash__(self): return 0
def NAME(*a):
    return P()
#### pickled bytes that would run
import pickle
class P:
    def __reduce__(self):
        return (__import__('os')._exit, (0,))
def NAME(*a):
    return pickle.dumps(P())
#### reducers and copy hooks
import copyreg
class P:
    def __deepcopy__(self, m): return self
    def __copy__(self): return self
    def __getstate__(self): return {}
    def __json__(self): return 'true'
    def __repr__(self): return '6'
    __str__ = __repr__
    def __eq__(self, o): return True
    def __hash__(self): return 0
def NAME(*a):
    return P()
#### answers that change with each look
class Shifty(list):
    n = 0
    def __iter__(self):
        Shifty.n += 1
        return iter([[1, 3], [2], [5, 6]][Shifty.n % 3])
    def __len__(self): return 2
def NAME(*a):
    return Shifty()
#### answers that change with each call
state = {'n': 0}
def NAME(*a):
    state['n'] += 1
    return [6, True, [1, 3], 'AB!', 2.0, None][state['n'] % 6]
#### an iterator without end
import itertools
def NAME(*a):
    return (x for x in itertools.count())
#### a list that holds itself
def NAME(*a):
    x = []
    x.append(x)
    return x
#### a value nested too deep
def NAME(*a):
    x = []
    for _ in range(100000):
        x = [x]
    return x
#### a value too large
def NAME(*a):
    return [0] * 50000000
#### the number that is too large
def NAME(*a):
    return 1 << 400000000
#### text that is no text
def NAME(*a):
    return '\ud800\udfff'
#### unhashable keys by force
class K(list):
    def __hash__(self): return 0
    def __eq__(self, o): return True
def NAME(*a):
    return {K([1]): 1}
#### the argument itself
def NAME(*a):
    return a[0]
#### a class in place of the function
class NAME:
    def __new__(cls, *a):
        return object.__new__(cls)
    def __eq__(self, o): return True
    def __bool__(self): return True
    def __hash__(self): return 0
#### a callable with a lie for everything
class F:
    def __call__(self, *a): return self
    def __getattr__(self, n): return self
    def __eq__(self, o): return True
    def __bool__(self): return True
    def __hash__(self): return 0
NAME = F()
#### names nothing
def something_else(*a):
    return True
#### a syntax error
def NAME(*a:
    return True
