// Waits until the client has tried to send its telemetry, and tells where requests went.
import { refused, reached } from './loopback_only.mjs';
import { tasks, told } from './uipath_client.mjs';

await tasks.getUsers(828);
while (refused.length === 0) await new Promise((resume) => setTimeout(resume, 10));
told({ refused: [...new Set(refused)], reached: [...reached] });
