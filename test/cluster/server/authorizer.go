package main

import (
	"context"
	"path"

	"go.temporal.io/server/common/authorization"
)

// A certificate's common name is the role, its organizational unit the namespace that the role is for.
const (
	// roleAdmin may do everything everywhere; the server's own system workers have it too.
	roleAdmin = "admin"
	// roleWorker may do what Temporal's default authorizer allows a writer in the namespace.
	roleWorker = "worker"
	// roleReader may do what that allows a reader.
	roleReader = "reader"
	// roleTasks may start, read, steer, cancel, list and count workflows in its namespace, and nothing else.
	roleTasks = "tasks"
)

// What roleTasks may call. No call that deletes, terminates or resets, none of a worker, none about the namespace itself.
var taskCalls = map[string]bool{
	"StartWorkflowExecution":             true,
	"DescribeWorkflowExecution":          true,
	"GetWorkflowExecutionHistory":        true,
	"GetWorkflowExecutionHistoryReverse": true,
	"QueryWorkflow":                      true,
	"SignalWorkflowExecution":            true,
	"UpdateWorkflowExecution":            true,
	"PollWorkflowExecutionUpdate":        true,
	"RequestCancelWorkflowExecution":     true,
	"ListWorkflowExecutions":             true,
	"CountWorkflowExecutions":            true,
}

type claimMapper struct{}

// GetClaims gives no role to a caller without a certificate; TLS does not let one in anyway.
func (claimMapper) GetClaims(info *authorization.AuthInfo) (*authorization.Claims, error) {
	claims := &authorization.Claims{Namespaces: map[string]authorization.Role{}}
	if info == nil || info.TLSSubject == nil {
		return claims, nil
	}
	claims.Subject = info.TLSSubject.CommonName
	namespaces := info.TLSSubject.OrganizationalUnit
	switch claims.Subject {
	case roleAdmin:
		claims.System = authorization.RoleAdmin
	case roleWorker:
		for _, namespace := range namespaces {
			claims.Namespaces[namespace] = authorization.RoleWriter
		}
	case roleReader:
		for _, namespace := range namespaces {
			claims.Namespaces[namespace] = authorization.RoleReader
		}
	case roleTasks:
		claims.Extensions = namespaces
	}
	return claims, nil
}

type authorizer struct{}

func (authorizer) Authorize(ctx context.Context, claims *authorization.Claims, target *authorization.CallTarget) (authorization.Result, error) {
	if claims != nil && claims.Subject == roleTasks && taskCalls[path.Base(target.APIName)] {
		for _, namespace := range claims.Extensions.([]string) {
			if namespace == target.Namespace {
				return authorization.Result{Decision: authorization.DecisionAllow}, nil
			}
		}
	}
	return authorization.NewDefaultAuthorizer().Authorize(ctx, claims, target)
}
