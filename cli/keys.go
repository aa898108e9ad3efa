package cli

import (
	"context"
	"fmt"
	"math"

	"pawl"
	"pawl/server"
)

type keysCmds struct {
	Add    keysAddCmd    `cmd:"" help:"Make a key and print it; it is shown this once and kept as a hash alone."`
	List   keysListCmd   `cmd:"" help:"List keys, with what they may spend."`
	Revoke keysRevokeCmd `cmd:"" help:"Make a key useless; running servers notice by themselves."`
}

// keyFile is where keys are.
type keyFile struct {
	Keys string `help:"File of keys." default:"pawl-keys.json" placeholder:"FILE"`
}

type keysAddCmd struct {
	Name string `arg:"" help:"Whose key it is; names stand in logs."`
	keyFile
	Tokens int64   `help:"Tokens it may spend in all, read and written (default: any number)." placeholder:"N"`
	USD    float64 `name:"usd" help:"Dollars it may spend in all (default: any number)." placeholder:"X"`
	Rate   float64 `help:"Requests it may make a minute (default: any number)." placeholder:"N"`
	JSON   bool    `help:"Print one JSON document."`
}

func (cmd *keysAddCmd) Run(_ context.Context, _ *app, c *console) error {
	if cmd.Tokens < 0 || !(cmd.USD >= 0 && cmd.USD < 1e9) || !(cmd.Rate >= 0 && cmd.Rate < 1e9) {
		return usagef("adding a key: %d tokens, $%v and %v requests a minute; none may be negative or beyond 10^9", cmd.Tokens, cmd.USD, cmd.Rate)
	}
	secret, key, err := server.AddKey(cmd.Keys, server.Key{
		Name: cmd.Name, Rate: cmd.Rate, Limits: pawl.Limits{Tokens: cmd.Tokens, MicroUSD: int64(math.Round(cmd.USD * 1e6))},
	})
	if err != nil {
		return err
	}
	if cmd.JSON {
		return c.document(map[string]any{"id": key.ID, "name": key.Name, "key": secret})
	}
	_, err = fmt.Fprintln(c.out, secret)
	return err
}

type keysListCmd struct {
	keyFile
	JSON bool `help:"Print one JSON document."`
}

func (cmd *keysListCmd) Run(_ context.Context, _ *app, c *console) error {
	keys, err := server.ReadKeys(cmd.Keys)
	if err != nil {
		return err
	}
	if cmd.JSON {
		return c.document(map[string]any{"keys": append([]server.Key{}, keys...)})
	}
	for _, k := range keys {
		state := "in force"
		if k.Revoked != nil {
			state = "revoked " + k.Revoked.Format("2006-01-02")
		}
		line := fmt.Sprintf("%s  %-20s made %s  %s", k.ID, k.Name, k.Created.Format("2006-01-02"), state)
		if k.Limits.Tokens > 0 {
			line += fmt.Sprintf("  %d tokens", k.Limits.Tokens)
		}
		if k.Limits.MicroUSD > 0 {
			line += fmt.Sprintf("  $%.2f", float64(k.Limits.MicroUSD)/1e6)
		}
		if k.Rate > 0 {
			line += fmt.Sprintf("  %v requests a minute", k.Rate)
		}
		if _, err := fmt.Fprintln(c.out, line); err != nil {
			return err
		}
	}
	return nil
}

type keysRevokeCmd struct {
	Key string `arg:"" help:"Its id or name."`
	keyFile
}

func (cmd *keysRevokeCmd) Run(_ context.Context, _ *app, c *console) error {
	k, err := server.RevokeKey(cmd.Keys, cmd.Key)
	if err == nil {
		c.note("revoked key %s of %s", k.ID, k.Name)
	}
	return err
}
