"""Whether what a release would bring about is there already: asked of the ledger, the databases,
the engine and the edge."""

from __future__ import annotations

from prefect import get_run_logger

from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.work import target
from tasks.slots.called import lacking_called
from tasks.slots.state import is_warm
from tasks.traffic.switching import serves
from tidegate.edge.facts import Served
from tidegate.ledger.tables import Deployment
from tidegate.plan.changes import Plan
from tidegate.policy.states import DeploymentState
from tidegate.stack.routes import taken_hosts


def serves_already(env: OpenEnvironment, plan: Plan) -> Deployment | None:
    """The good deployment that is this very plan, with its whole configuration, and serves: asked
    anew each time."""
    serving = env.ledger.deployments.current(env.stack.name, env.name)
    if serving is None or serving.state is not DeploymentState.GOOD:
        return None
    if not (_is_planned(serving, plan) and _is_true(env, serving)):
        return None
    get_run_logger().info(
        "%s %s runs already as #%d: nothing to do",
        env.base_project,
        serving.version,
        serving.number,
    )
    return serving


def _is_planned(serving: Deployment, plan: Plan) -> bool:
    release = serving.release
    return (
        release.images == dict(plan.pins)
        and release.config_hash == plan.configuration.hash
        and all(change.current == change.head for change in plan.schema)
    )


def _is_true(env: OpenEnvironment, serving: Deployment) -> bool:
    route, meant = (
        env.edge.route(env.stack.name, env.name),
        Served(env.stack.name, env.name, serving.number),
    )
    return (
        route is not None
        and {*route.domains} == {*taken_hosts(env.stack.services, env.config)}
        and (route.sharing.stacks if route.sharing else ()) == env.config.shares_names_with
        and serves(env) == meant
        and [one.doors for one in route.targets] == [target(env, serving).doors]
        and is_warm(env, serving.slot)
        and not lacking_called(env, route)
    )
