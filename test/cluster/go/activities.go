package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
)

const (
	rowsPerPart = 1000
	// How long a part takes to write.
	partTime = 20 * time.Millisecond
)

// Activities work on the folder Dir: TABLE.csv is a table's source, TABLE.staging what is being
// loaded, TABLE what was, and TABLE.lock is there while somebody else works on it.
type Activities struct {
	Dir string
}

// Progress is what a heartbeat tells.
type Progress struct {
	Progress int    `json:"progress"`
	Total    int    `json:"total"`
	Message  string `json:"message"`
}

// OpenSource fails until the source has arrived.
func (a *Activities) OpenSource(_ context.Context, request LoadRequest) error {
	if request.Table == "secrets" {
		return temporal.NewNonRetryableApplicationError("the table secrets is not for loading", "ForbiddenTable", nil)
	}
	if _, err := os.Stat(a.path(request, ".csv")); err != nil {
		return fmt.Errorf("the source of %s has not arrived", request.Table)
	}
	return nil
}

// LoadParts continues after the last part that an earlier attempt reported.
func (a *Activities) LoadParts(ctx context.Context, request LoadRequest) (int, error) {
	done := 0
	var last Progress
	if activity.HasHeartbeatDetails(ctx) && activity.GetHeartbeatDetails(ctx, &last) == nil {
		done = last.Progress
	}
	staging := a.path(request, ".staging")
	if err := os.MkdirAll(staging, 0o755); err != nil {
		return 0, err
	}
	for ; done < request.Parts; done++ {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(partTime):
		}
		if err := os.WriteFile(filepath.Join(staging, fmt.Sprintf("part-%d", done)), nil, 0o644); err != nil {
			return 0, err
		}
		activity.RecordHeartbeat(ctx, Progress{Progress: done + 1, Total: request.Parts, Message: "parts"})
	}
	return request.Parts * rowsPerPart, nil
}

func (a *Activities) Publish(_ context.Context, request LoadRequest) error {
	table, staging := a.path(request, ""), a.path(request, ".staging")
	if _, err := os.Stat(staging); os.IsNotExist(err) {
		// An earlier attempt got this far.
		return nil
	}
	if err := os.RemoveAll(table); err != nil {
		return err
	}
	return os.Rename(staging, table)
}

// Analyze fails for as long as somebody else has the table locked.
func (a *Activities) Analyze(_ context.Context, request LoadRequest) error {
	if _, err := os.Stat(a.path(request, ".lock")); err == nil {
		return fmt.Errorf("the table %s is locked", request.Table)
	}
	_, err := os.ReadDir(a.path(request, ""))
	return err
}

func (a *Activities) DropStaging(_ context.Context, request LoadRequest) error {
	return os.RemoveAll(a.path(request, ".staging"))
}

func (a *Activities) path(request LoadRequest, suffix string) string {
	return filepath.Join(a.Dir, request.Table+suffix)
}
