package cli

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"pawl"
	"pawl/atomicfile"
	"pawl/server"
)

type serveCmd struct {
	Model []string `help:"What answers: embedded, the model in the binary; embedded:DIR; run or run:ID, whose policy in force is followed; openai:MODEL; sim:NAME. Repeat it for several." default:"embedded" placeholder:"MODEL"`
	servedFlags
	Addr    string        `help:"Where to listen, as HOST:PORT; port 0 takes a free one." default:"127.0.0.1:8080"`
	AddrTo  string        `name:"addr-file" help:"Write the address to this file once it is served, as for port 0." placeholder:"FILE"`
	Keys    string        `help:"File of keys (pawl keys): only their holders may ask. Without it nobody but this machine may." placeholder:"FILE"`
	Host    []string      `help:"Name by which this machine may be asked, beside localhost, where no keys are used. Repeat it for several." placeholder:"NAME"`
	Time    time.Duration `help:"Longest answer." default:"10m" placeholder:"TIME"`
	Drain   time.Duration `help:"How long answers at work may take when the server is to end." default:"30s" placeholder:"TIME"`
	AtOnce  int           `help:"Most requests at the same time; more are refused." default:"512" placeholder:"N"`
	MaxBody int64         `help:"Largest request, in bytes." default:"16777216" placeholder:"BYTES"`
	Traces  int           `help:"How many requests are kept in memory for /traces; -1 keeps none." default:"512" placeholder:"N"`
	Log     string        `help:"What is written to standard error of each request: json, text or none. Neither keys nor contents ever are." enum:"json,text,none" default:"text"`
}

func (cmd *serveCmd) Run(ctx context.Context, a *app, c *console) error {
	models, err := cmd.models()
	if err != nil {
		return err
	}
	o := server.Options{
		Models: models, Hosts: cmd.Host, Time: cmd.Time, AtOnce: cmd.AtOnce, Body: cmd.MaxBody, Traces: cmd.Traces,
		Note: func(message string) { c.note("%s", message) },
	}
	if cmd.Keys != "" {
		keys, err := server.OpenKeys(cmd.Keys)
		if err != nil {
			return err
		}
		o.Keys = keys
	}
	switch cmd.Log {
	case "json":
		o.Log = slog.New(slog.NewJSONHandler(c.err, nil))
	case "text":
		o.Log = slog.New(slog.NewTextHandler(c.err, nil))
	}
	l, err := server.Listen(cmd.Addr, o.Keys)
	if err != nil {
		return err
	}
	defer l.Close()
	p, err := cmd.open(a, c, models)
	if err != nil {
		return err
	}
	defer p.Close()
	s, err := server.New(ctx, p, o)
	if err != nil {
		return err
	}
	if cmd.AddrTo != "" {
		if err := atomicfile.WriteFile(cmd.AddrTo, []byte(l.Addr().String()+"\n")); err != nil {
			return fmt.Errorf("writing the address: %w", err)
		}
	}
	fmt.Fprintf(c.out, "serving at http://%s/v1; traces at http://%s/traces\n", l.Addr(), l.Addr())
	err = s.Serve(ctx, l, cmd.Drain)
	if closed := s.Close(); err == nil {
		err = closed
	}
	return err
}

// models reads --model; --base-url and --prices are of those that others serve.
func (cmd *serveCmd) models() (models []pawl.Model, err error) {
	others := false
	for _, name := range cmd.Model {
		flags := cmd.servedFlags
		if m, err := pawl.ParseModel(name); err == nil && m.Kind != pawl.ModelOpenAI {
			flags = servedFlags{}
		} else {
			others = true
		}
		m, err := flags.parse(name)
		if err != nil {
			return nil, err
		}
		models = append(models, m)
	}
	if !others && cmd.servedFlags != (servedFlags{}) {
		return nil, usagef("serving: --base-url and --prices are of models that others serve; name one as openai:MODEL")
	}
	return models, nil
}

// open keeps nothing where no model of a run is served, nor one that is paid for.
func (cmd *serveCmd) open(a *app, c *console, models []pawl.Model) (*pawl.Pawl, error) {
	for _, m := range models {
		if m.Kind != pawl.ModelFolder && m.Kind != pawl.ModelRecipe {
			return a.openFor(c, m, cmd.Prices)
		}
	}
	return pawl.Open(pawl.Options{Dir: a.Dir, Recipes: a.RecipesDir, Memory: true})
}
