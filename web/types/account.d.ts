// Accounts (house/accounts/schema.py).

/** What others see of an account. */
interface ProfileView {
  handle: string;
  name: string;
  bio: string;
  role: string;
  created_ms: number;
  picture: string | null;
  suspended: boolean;
}

/** One's own account. */
interface AccountView {
  profile: ProfileView;
  has_password: boolean;
  passkeys: PasskeyView[];
  recovery_codes_left: number;
  providers: string[];
  public: boolean;
  invites: string[];
}

interface PasskeyView {
  id: string;
  name: string;
  created_ms: number;
  used_ms: number | null;
}

interface SessionView {
  id: string;
  seen_ms: number;
  browser: string;
  system: string;
  current: boolean;
}

interface SiteInvitationView {
  id: string;
  role: string;
  expires_ms: number;
}

/** What somebody did to an account. */
interface RecordEntry {
  id: number;
  at_ms: number;
  by: string;
  handle: string;
  deed: string;
  detail: string;
}

/** How far the deletion of an account is. */
interface DeletionView {
  number: number;
  asked_ms: number;
  done: boolean;
  steps: DeletionStep[];
}

/** One kind of jobs of a deletion. */
type DeletionStep = {
  kind: string;
  jobs: number;
  done: number;
  trouble: string;
};

/** Name, looks and texts of the site (house/site/schema.py). */
interface SiteSettings {
  name: string;
  accent: string;
  accent_day: string;
  accent_night: string;
  contact: string;
  imprint: string;
  privacy: string;
  rules: string;
  logo: string;
  refuse_words: string;
  hold_words: string;
  blocked_places: string;
  sign_up: string;
  create_spaces: string;
  keep_recordings: number;
  keep_comments: number;
  keep_sounds: number;
  keep_events: number;
  quota_gb: number;
  account_gb: number;
  captions: boolean;
}
