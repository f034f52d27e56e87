//go:build !temporal132

package main

import "go.temporal.io/server/common/config"

func loadConfig(dir string) (*config.Config, error) {
	return config.LoadConfig("development", dir, "")
}
