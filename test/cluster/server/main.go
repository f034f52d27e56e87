// Command server is a real Temporal server with an authorizer of its own: the roles of authorizer.go, each proved by a
// client certificate. It also carries the tool that sets up the database.
//
//	server sql …          Temporal's temporal-sql-tool
//	server start DIR      all services, with DIR/development.yaml
package main

import (
	"fmt"
	"os"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	_ "go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/temporal"
	"go.temporal.io/server/tools/sql"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) > 0 && args[0] == "sql":
		return sql.RunTool(args)
	case len(args) == 2 && args[0] == "start":
		return start(args[1])
	default:
		return fmt.Errorf("usage: server sql … | server start DIR")
	}
}

// start serves until SIGINT or SIGTERM.
func start(dir string) error {
	cfg, err := loadConfig(dir)
	if err != nil {
		return err
	}
	server, err := temporal.NewServer(
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithConfig(cfg),
		temporal.WithLogger(log.NewZapLogger(log.BuildZapLogger(cfg.Log))),
		temporal.InterruptOn(temporal.InterruptCh()),
		temporal.WithAuthorizer(authorizer{}),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return claimMapper{} }),
	)
	if err != nil {
		return err
	}
	return server.Start()
}
