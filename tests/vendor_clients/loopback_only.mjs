// Closes the network of this process but for this machine, and notes what tried to leave it.
// Must be imported before anything that opens connections.
import net from 'node:net';

export const refused = [];
export const reached = new Set();

const isHere = (host) => ['127.0.0.1', '::1', 'localhost'].includes(host.replace(/^\[|\]$/g, ''));

const fetchAnywhere = globalThis.fetch;
globalThis.fetch = async (input, options) => {
  const { hostname } = new URL(input instanceof Request ? input.url : input);
  if (!isHere(hostname)) {
    refused.push(hostname);
    throw new TypeError(`requests reach no other machine: ${hostname}`);
  }
  return fetchAnywhere(input, options);
};

// Whatever does not go through fetch.
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function guarded(...words) {
  const first = Array.isArray(words[0]) ? words[0][0] : words[0];
  const host = typeof first === 'object' ? first.host ?? 'localhost' : typeof words[1] === 'string' ? words[1] : 'localhost';
  if (!isHere(host)) {
    refused.push(host);
    throw new Error(`sockets reach no other machine: ${host}`);
  }
  reached.add(host);
  return connect.apply(this, words);
};
