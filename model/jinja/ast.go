package jinja

// node is a statement.
type node interface{ run(r *run, s *scope) error }

// expr is an expression.
type expr interface {
	eval(r *run, s *scope) (any, error)
}

type (
	textNode   struct{ text string }
	outputNode struct {
		line  int
		value expr
	}
	ifNode struct {
		line int
		test expr
		then []node
		els  []node
	}
	forNode struct {
		line      int
		targets   []string
		in        expr
		test      expr // nil for all
		body      []node
		els       []node
		recursive bool
	}
	setNode struct {
		line    int
		targets []target
		value   expr   // nil: the body
		body    []node // rendered, then filtered
		filters []filter
	}
	macroNode struct {
		line int
		m    *macro
	}
	callNode struct {
		line   int
		caller *macro
		call   *callExpr
	}
	filterNode struct {
		line    int
		filters []filter
		body    []node
	}
	scopeNode struct { // with, generation
		names  []string
		values []expr
		body   []node
		line   int
	}
	jumpNode struct{ err error } // break, continue
)

// target is what set gives a value to: a name, or an attribute of a namespace.
type target struct{ name, attr string }

// macro is a function that a template defines.
type macro struct {
	name     string
	params   []string
	defaults []expr // of the last params
	body     []node
}

type (
	constExpr struct{ value any }
	nameExpr  struct{ name string }
	listExpr  struct {
		items []expr
		tuple bool
	}
	dictExpr struct{ keys, values []expr }
	attrExpr struct {
		of   expr
		name string
	}
	itemExpr  struct{ of, key expr }
	sliceExpr struct{ of, from, to, step expr }
	callExpr  struct {
		of   expr
		args arguments
	}
	filterExpr struct {
		of expr
		by filter
	}
	testExpr struct {
		of   expr
		name string
		args arguments
		not  bool
	}
	unaryExpr struct {
		op string
		of expr
	}
	binaryExpr struct {
		op          string
		left, right expr
	}
	compareExpr struct {
		first expr
		ops   []string
		rest  []expr
	}
	condExpr struct{ test, then, els expr }
)

type filter struct {
	name string
	args arguments
}

// arguments of a call, as written.
type arguments struct {
	list  []expr
	names []string // of the keyword arguments
	named []expr
	star  expr // *list
	stars expr // **dict
}
