import { type Clock, systemClock } from "../../../kernel/clock.ts";
import { createSlowLane } from "../pieces/slow-lane.ts";
import { createSharedTimeout, type Waiter } from "../proxy/shared-timeout.ts";
import { Connection, type ConnectionOwner } from "./connection.ts";
import type { AnswerHandler, Dispatch, OutgoingRequest, RequestControl } from "./dispatch.ts";
import { ClientError } from "./errors.ts";
import { IdleConnections } from "./idle-connections.ts";
import { createSocketOpener, type OpenSocket, type UpstreamAddress } from "./open-socket.ts";
import { encodeRequestHead, type EncodedHead } from "./request-head.ts";

/** How one upstream is reached. */
export interface Http1ClientOptions extends UpstreamAddress {
  /** Connections at a time; requests beyond wait. */
  readonly maxConnections: number;
  /** Milliseconds: until a connection is there, and from then until an answer begins. */
  readonly timeout: number;
  readonly open?: OpenSocket;
  /** Milliseconds, never stepping back. */
  readonly now?: () => number;
  readonly clock?: Pick<Clock, "schedule">;
}

/** A request that was dispatched, with its connection once it has one. */
class Sending implements RequestControl {
  readonly request: OutgoingRequest;
  readonly head: EncodedHead;
  readonly handler: AnswerHandler;
  connection: Connection | undefined;
  turn = 0;
  waiter: Waiter | undefined;
  /** Gives up waiting for a connection. */
  leave: (() => void) | undefined;

  constructor(request: OutgoingRequest, head: EncodedHead, handler: AnswerHandler) {
    this.request = request;
    this.head = head;
    this.handler = handler;
  }

  abort(): void {
    const { leave, connection } = this;
    this.leave = undefined;
    this.connection = undefined;
    leave?.();
    connection?.abort(this.turn);
  }

  pause(): void {
    this.connection?.pause(this.turn);
  }

  resume(): void {
    this.connection?.resume(this.turn);
  }
}

/** A request that could not even be written. */
function failedRequest(error: Error, handler: AnswerHandler): RequestControl {
  let isGivenUp = false;
  queueMicrotask(() => {
    if (!isGivenUp) handler.failed(error);
  });
  return { abort: () => (isGivenUp = true), pause: () => undefined, resume: () => undefined };
}

/** A client that has an end. */
export interface ClosableHttp1Client {
  readonly dispatch: Dispatch;
  /**
   * Closes the connections that carry nothing; from now on each is closed as soon as it carries nothing. What waits for one
   * fails.
   */
  close(): void;
}

/** Makes a client of HTTP/1.1 for one upstream: a bounded pool of connections that are kept alive. */
export function createHttp1Client(options: Http1ClientOptions): Dispatch {
  return createClosableHttp1Client(options).dispatch;
}

/** The same for one that is needed for a time only. */
export function createClosableHttp1Client(options: Http1ClientOptions): ClosableHttp1Client {
  const { maxConnections, timeout, now = () => performance.now(), clock = systemClock } = options;
  const open = options.open ?? createSocketOpener(options);
  const { host } = new URL(options.origin);
  const idle = new IdleConnections(now);
  const queue = new Set<Sending>();
  const waiting = createSharedTimeout(timeout, now);
  let connections = 0;
  let isClosed = false;

  const begin = (sending: Sending, connection: Connection): void => {
    sending.connection = connection;
    sending.turn = connection.send(sending.request, sending.head, sending.handler);
  };
  /** A place is free: the first that waits gets it. */
  const freed = (): void => {
    connections -= 1;
    const [first] = queue;
    if (first === undefined) return;
    queue.delete(first);
    connect(first);
  };
  const owner: ConnectionOwner = {
    heads: createSharedTimeout(timeout, now),
    lane: createSlowLane(clock),
    idle(connection, keepAliveMs) {
      const [first] = queue;
      // Whoever asks for another protocol needs a connection of its own: it gets this one's place.
      if (first?.request.upgrade !== undefined) return connection.close();
      if (first !== undefined) {
        queue.delete(first);
        hasConnection(first);
        begin(first, connection);
        return;
      }
      if (isClosed) connection.close();
      else idle.add(connection, keepAliveMs);
    },
    gone(connection) {
      idle.delete(connection);
      freed();
    },
  };
  const hasConnection = (sending: Sending): void => {
    sending.leave = undefined;
    if (sending.waiter !== undefined) waiting.delete(sending.waiter);
  };
  const connect = (sending: Sending): void => {
    connections += 1;
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
      hasConnection(sending);
    };
    // Only a stream can be handed on.
    const isStream = sending.request.upgrade !== undefined;
    const giveUp = open(isStream, (error, opened) => {
      if (isSettled) return;
      settle();
      if (error !== undefined) {
        freed();
        sending.handler.failed(error);
        return;
      }
      // A connection without a request keeps no process alive.
      opened.socket.unref();
      begin(sending, new Connection(opened, owner, isStream));
    });
    sending.leave = () => {
      settle();
      giveUp();
      freed();
    };
  };
  const wait = (sending: Sending): void => {
    sending.waiter = waiting.add(() => {
      sending.abort();
      sending.handler.failed(new ClientError("UPSTREAM_BUSY_TIMEOUT"));
    });
    // Idle ones are left only where a connection that can be handed on is wanted.
    if (connections >= maxConnections) idle.closeOldest();
    if (connections < maxConnections) {
      connect(sending);
      return;
    }
    queue.add(sending);
    sending.leave = () => {
      queue.delete(sending);
      hasConnection(sending);
    };
  };

  const dispatch: Dispatch = (request, handler) => {
    let head: EncodedHead;
    try {
      head = encodeRequestHead(request, host);
    } catch (error) {
      return failedRequest(error as Error, handler);
    }
    const sending = new Sending(request, head, handler);
    const connection = request.upgrade === undefined ? idle.take() : undefined;
    if (connection === undefined) wait(sending);
    else begin(sending, connection);
    return sending;
  };
  return {
    dispatch,
    close() {
      isClosed = true;
      const waited = [...queue];
      queue.clear();
      for (const sending of waited) {
        hasConnection(sending);
        sending.handler.failed(new ClientError("UPSTREAM_CLOSED"));
      }
      idle.closeAll();
    },
  };
}
