package main

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

const TaskQueue = "nightly-load"

type LoadRequest struct {
	Table string `json:"table"`
	Parts int    `json:"parts"`
	// How long to wait, in milliseconds, before the parts are published.
	SettleMs int `json:"settleMs"`
}

type LoadReport struct {
	Table string `json:"table"`
	Parts int    `json:"parts"`
	Rows  int    `json:"rows"`
}

// NightlyLoad writes a table's parts to a staging folder and publishes them together.
func NightlyLoad(ctx workflow.Context, request LoadRequest) (report LoadReport, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Minute,
		HeartbeatTimeout:    2 * time.Second,
		// Nothing may write to staging any more when it is dropped.
		WaitForCancellation: true,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, MaximumInterval: time.Second, MaximumAttempts: 100},
	})
	var a *Activities
	defer func() {
		if err == nil {
			return
		}
		// A cancelled context runs no more activities.
		cleanup, cancel := workflow.NewDisconnectedContext(ctx)
		defer cancel()
		if failed := workflow.ExecuteActivity(cleanup, a.DropStaging, request).Get(cleanup, nil); failed != nil {
			workflow.GetLogger(ctx).Error("Staging was left behind", "Error", failed)
		}
	}()

	if err = workflow.ExecuteActivity(ctx, a.OpenSource, request).Get(ctx, nil); err != nil {
		return report, err
	}
	var rows int
	if err = workflow.ExecuteActivity(ctx, a.LoadParts, request).Get(ctx, &rows); err != nil {
		return report, err
	}
	if err = workflow.Sleep(ctx, time.Duration(request.SettleMs)*time.Millisecond); err != nil {
		return report, err
	}
	if err = workflow.ExecuteActivity(ctx, a.Publish, request).Get(ctx, nil); err != nil {
		return report, err
	}
	if err = workflow.ExecuteChildWorkflow(ctx, RefreshStatistics, request).Get(ctx, nil); err != nil {
		return report, err
	}
	return LoadReport{Table: request.Table, Parts: request.Parts, Rows: rows}, nil
}

// RefreshStatistics follows every load.
func RefreshStatistics(ctx workflow.Context, request LoadRequest) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, MaximumInterval: time.Second},
	})
	var a *Activities
	return workflow.ExecuteActivity(ctx, a.Analyze, request).Get(ctx, nil)
}
