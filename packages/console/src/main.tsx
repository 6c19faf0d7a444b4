import "./styles/index.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createQueryClient } from "./api/query-client.ts";
import { sessionQuery } from "./api/session.ts";
import { ToastArea } from "./components/toast.tsx";
import { createConsoleRouter } from "./router.tsx";
import { leave } from "./shell/leave.ts";
import { applyTheme, storedTheme } from "./shell/theme.ts";

applyTheme(storedTheme());

const queryClient = createQueryClient(() => {
  // Whoever never was signed in is sent to the sign-in page by the router.
  if (queryClient.getQueryData(sessionQuery.queryKey) !== undefined) leave("ended");
});
const router = createConsoleRouter(queryClient);

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <ToastArea>
        <RouterProvider router={router} />
      </ToastArea>
    </QueryClientProvider>
  </StrictMode>,
);
