import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { follow } from "./follow.ts";

/** Keeps every answer on the screen fresh. Once, in the shell. Gives whether the line to the gateway is up. */
export function useEvents(): boolean {
  const queryClient = useQueryClient();
  const [connected, setConnected] = useState(true);
  useEffect(() => follow(queryClient, setConnected), [queryClient]);
  return connected;
}
