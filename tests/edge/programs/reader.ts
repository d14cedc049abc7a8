// A program over the generated types, for `tsc --strict`: a wrong name or a forgotten null does not compile.
import type { AnyNodeQuery, ClaimMutation, ClaimMutationVariables, InboxQuery, TaskRowFragment } from "./generated.js";
import type { Task } from "./schema.js";

export const due = (task: Pick<Task, "dueAt">): Date | null => (task.dueAt ? new Date(task.dueAt) : null);

export function titles(answer: InboxQuery): string[] {
  const { edges, sources } = answer.viewer.inbox;
  const missing = sources.filter(({ status }) => status !== "OK").map(({ source }) => source.name);
  return [...edges.map(({ node }) => `${node.title} ${node.assignee?.displayName ?? "-"}`), ...missing];
}

export function claimed(answer: ClaimMutation): TaskRowFragment | null {
  for (const { code, retryAt } of answer.claimTask.errors) if (code === "RATE_LIMITED" && retryAt) return null;
  return answer.claimTask.task ?? null;
}

export const asked: ClaimMutationVariables = { input: { taskId: "id" } };

export function name(answer: AnyNodeQuery): string | null {
  return answer.node && "title" in answer.node ? answer.node.title : null;
}
