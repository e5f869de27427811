// What the house's pages share in the browser.

/** An event on an element of the page's template: `target` is that element. */
type EventOn<Element> = Event & { target: Element };

/** A form whose fields the page's template names. */
interface PageForm extends HTMLFormElement {
  elements: any;
}

/** A form is sent. */
type FormEvent = SubmitEvent & EventOn<PageForm>;

/** A refusal of the API (RFC 9457), as far as scripts read it. */
interface Problem {
  /** What is wrong, in the language of the page. */
  sentence?: string;
  code?: string;
  detail?: string;
  title?: string;
  /** Where a moderator's decision stands that this follows from. */
  decision?: string;
}

/** Values for the {names} in a text. */
type TextValues = Record<string, string | number | null | undefined>;

/** A button's text as a key, and what it does. */
type Act = [key: string, act: () => unknown];

/** What the page of the list of spaces knows of who looks at it. */
interface SpacesPage {
  creates: boolean;
  admin: boolean;
  unlocks: boolean;
  language: string;
  name: string;
}

/** What the stage's page knows before it asks. */
interface StagePage {
  id: string;
  account: boolean;
  seated: boolean;
  looks: boolean;
}

/** What asking to speak knows before it asks. */
interface AskingPage {
  id: string;
  seated: boolean;
}

/** What the part of the listener's page in which one speaks tells the rest. */
interface SpeakingEvents {
  /** We go onto the stage or are off it; then whether another device has our seat. */
  turned: (on: boolean, displaced?: boolean) => void;
  /** Whether what else plays is to be silent. */
  hush: (on: boolean) => void;
}

/** What the page of comments knows before it asks. */
interface CommentsPage {
  id: string;
  read: string;
  account: boolean;
  moderates: boolean;
}

/** What pages about accounts know before they ask; `next` is where to go afterwards. */
interface PeoplePage {
  provider: string;
  problem: string;
  next: string;
  needs: boolean;
  provider_opens: boolean;
  handle: string;
  account: AccountView;
}
