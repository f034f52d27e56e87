// Command worker runs the nightly load. It connects as TEMPORAL_ADDRESS and its kin say.
package main

import (
	"log"
	"os"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/worker"
)

func main() {
	c, err := client.Dial(envconfig.MustLoadDefaultClientOptions())
	if err != nil {
		log.Fatalln("Unable to connect to Temporal:", err)
	}
	defer c.Close()

	w := worker.New(c, TaskQueue, worker.Options{})
	w.RegisterWorkflow(NightlyLoad)
	w.RegisterWorkflow(RefreshStatistics)
	w.RegisterActivity(&Activities{Dir: os.Getenv("DATA_DIR")})
	if err := w.Run(worker.InterruptCh()); err != nil {
		log.Fatalln("Unable to run the worker:", err)
	}
}
