package cli

import (
	"fmt"
	"time"

	"pawl"
)

// forecast prints what --dry-run found.
func (c *console) forecast(f *pawl.Forecast, asJSON bool) error {
	if asJSON {
		return c.document(f)
	}
	fmt.Fprintf(c.out, "%s with %s: a forecast, for which nothing was asked\n", f.Recipe, f.Model)
	const columns = "%-24s %10s %10s %14s %14s %14s\n"
	fmt.Fprintf(c.out, columns, "", "tasks", "calls", "prompt tokens", "completion", "at most")
	for _, p := range f.Parts {
		fmt.Fprintf(c.out, columns, p.What, count(int64(p.Tasks)), count(p.Calls), count(p.PromptTokens), count(p.CompletionTokens), atMost(p.Most))
	}
	if len(f.Parts) > 1 {
		fmt.Fprintf(c.out, columns, "together", "", count(f.Calls), count(f.PromptTokens), count(f.CompletionTokens), atMost(f.Most))
	}
	if f.USD != nil {
		most := ""
		if f.MostUSD != nil && *f.MostUSD > *f.USD {
			most = fmt.Sprintf(", at most %.2f", *f.MostUSD)
		}
		fmt.Fprintf(c.out, "cost  %.2f dollars%s\n", *f.USD, most)
	}
	if f.Seconds != nil {
		fmt.Fprintf(c.out, "time  %s\n", clock(time.Duration(*f.Seconds*float64(time.Second))))
	}
	fmt.Fprintln(c.out, "This assumes:")
	for _, a := range f.Assumes {
		fmt.Fprintf(c.out, "- %s\n", a)
	}
	return nil
}

func atMost(n int64) string {
	if n == 0 {
		return "no limit"
	}
	return count(n)
}
