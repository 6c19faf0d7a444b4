import "./styles/index.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createQueryClient } from "./api/query-client.ts";
import { ToastArea } from "./components/toast.tsx";
import { createConsoleRouter } from "./router.tsx";
import { applyTheme, storedTheme } from "./shell/theme.ts";

applyTheme(storedTheme());

const queryClient = createQueryClient(() => {
  // The session has ended: the shell asks again, learns it, and goes to the sign-in page with the way back.
  queryClient.removeQueries({ queryKey: ["session"] });
  void router.invalidate();
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
