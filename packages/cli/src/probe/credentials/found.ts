/** Where somebody's login could lie. */
export interface FoundCredential {
  readonly kind:
    | "postgres"
    | "mysql"
    | "database"
    | "kubernetes"
    | "http"
    | "cloud"
    | "registry"
    | "git"
    | "ssh"
    | "vault"
    | "environment";
  /** "environment variable DATABASE_URL", "/home/a/.pgpass:3", "/home/a/.kube/config (user admin)" */
  readonly place: string;
  /** What it is for, as its file names it, without the secret: "db.internal:5432/shop as support" */
  readonly name: string;
  /** Where its client would connect to, where it says so. */
  readonly leadsTo?: LeadsTo;
}

/** Where a client would connect to. */
export interface LeadsTo {
  /** "*" where it holds for any (.pgpass, .netrc). */
  readonly host: string;
  readonly port?: number;
  readonly database?: string;
  readonly user?: string;
}

/** A proxy that clients here would use. */
export interface FoundProxy {
  /** "environment variable HTTPS_PROXY", "/home/a/.curlrc:2" */
  readonly place: string;
  /** With its credentials: used to try it, never printed. */
  readonly url: URL;
  /** Only files of the working folder or of those above it name it: a checked-out repository may have brought them. */
  readonly isOfFolder?: true;
}

/** A place that exists and could not be read or understood: never taken for "nothing here". */
export interface UnreadPlace {
  readonly place: string;
  /** Without values. */
  readonly why: string;
  /** It may hide a way. */
  readonly leavesDoubt?: true;
}

/** What lies here. */
export interface FoundHere {
  readonly credentials: readonly FoundCredential[];
  readonly proxies: readonly FoundProxy[];
  readonly unread: readonly UnreadPlace[];
}

/** Where to look. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly cwd: string;
  /** "/"; in tests a folder: the system's absolute paths are below it. */
  readonly root: string;
  readonly uid?: number;
  /** What leads to Mayfly itself is no standing credential. */
  isGateway(host: string, port: number | undefined): boolean;
}
