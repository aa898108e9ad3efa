package pawl

// Provider makes actors of models that are served rather than weighed.
type Provider = provider

// Provide has models of a kind served by by, in place of Pawl's own: for programs that
// bring their models along. It is called before anything is asked.
func (p *Pawl) Provide(kind ModelKind, by Provider) { p.models.providers[string(kind)] = by }
