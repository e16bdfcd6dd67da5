"use strict";
// Draws what the data block `shown` holds: text, cards, citations. All of it is a stranger's: it becomes text nodes,
// cards go through the renderer, and the renderer's Markdown through `markdownHtml`, which lets no mark-up through.
(() => {
  const WEB = /^https?:\/\//i;

  const style = (sheet) => ({
    backgroundColor: `var(--${sheet})`,
    foregroundColors: {
      default: { default: "var(--text)", subtle: "var(--text-subtle)" },
      dark: { default: "var(--text)", subtle: "var(--text-subtle)" },
      light: { default: "var(--text-subtle)", subtle: "var(--text-subtle)" },
      accent: { default: "var(--accent)", subtle: "var(--accent-subtle)" },
      good: { default: "var(--good)", subtle: "var(--good)" },
      warning: { default: "var(--warning)", subtle: "var(--warning)" },
      attention: { default: "var(--attention)", subtle: "var(--attention)" },
    },
  });

  const font = (fontFamily) => ({
    fontFamily,
    fontSizes: { small: 12, default: 14, medium: 16, large: 20, extraLarge: 24 },
    fontWeights: { lighter: 300, default: 400, bolder: 600 },
  });

  const HOST_CONFIG = {
    supportsInteractivity: true,
    fontTypes: {
      default: font('"Segoe UI", system-ui, sans-serif'),
      monospace: font('"Cascadia Mono", ui-monospace, monospace'),
    },
    spacing: { small: 4, default: 8, medium: 12, large: 16, extraLarge: 24, padding: 16 },
    separator: { lineThickness: 1, lineColor: "var(--line)" },
    imageSizes: { small: 32, medium: 52, large: 100 },
    imageSet: { imageSize: "medium", maxImageHeight: 100 },
    actions: { maxActions: 6, buttonSpacing: 8, actionsOrientation: "horizontal", actionAlignment: "left" },
    containerStyles: {
      default: style("sheet"),
      emphasis: style("shade"),
      accent: style("accent-sheet"),
      good: style("good-sheet"),
      warning: style("warning-sheet"),
      attention: style("attention-sheet"),
    },
    textStyles: { heading: { size: "large", weight: "bolder" }, columnHeader: { weight: "bolder" } },
    inputs: {
      label: {
        requiredInputs: { weight: "bolder", suffix: " *", suffixColor: "attention" },
        optionalInputs: { weight: "bolder" },
      },
      errorMessage: { color: "attention" },
    },
  };

  // --- Markdown: bold, italic, links to the web, lists and paragraphs

  const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  const MAX_MARKDOWN = 4000; // characters of a text; the time that emphasis takes grows with their square
  const LINK = /\[([^\[\]]+)\]\((https?:\/\/[^\s()]+)(?:\s+&quot;[^()]*?&quot;)?\)/i;

  const escaped = (text) => text.replace(/[&<>"']/g, (sign) => ESCAPES[sign]);

  const emphasised = (html) =>
    html
      .replace(/(\*\*|__)(?=\S)(.+?)(?<=\S)\1/g, "<strong>$2</strong>")
      .replace(/(?<!\w)([*_])(?=\S)(.+?)(?<=\S)\1(?!\w)/g, "<em>$2</em>");

  function inlineHtml(text) {
    const plain = text.replace(/\\([\\*_[\]()#+.!-])/g, (_, sign) => `\u0000${sign.charCodeAt(0)};`);
    const pieces = escaped(plain).split(LINK);
    let html = emphasised(pieces[0]);
    for (let at = 1; at < pieces.length; at += 3)
      html += `<a href="${pieces[at + 1]}">${emphasised(pieces[at])}</a>${emphasised(pieces[at + 2])}`;
    return html.replace(/\u0000(\d+);/g, "&#$1;");
  }

  function listItem(line) {
    const match = /^\s*(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/.exec(line);
    return match && { start: match[2], text: match[3] };
  }

  function blockHtml(lines) {
    const first = listItem(lines[0]);
    if (!first) return `<p>${inlineHtml(lines.join("\n"))}</p>`;
    const items = lines.map((line) => `<li>${inlineHtml(listItem(line).text)}</li>`).join("");
    return first.start ? `<ol start="${first.start}">${items}</ol>` : `<ul>${items}</ul>`;
  }

  function markdownHtml(text) {
    if (text.length > MAX_MARKDOWN) return `<p>${escaped(text.replaceAll("\u0000", ""))}</p>`;
    const blocks = [];
    let open = null;
    for (const line of text.replaceAll("\u0000", "").split(/\r\n?|\n/)) {
      const item = listItem(line);
      const kind = item ? (item.start ? "ol" : "ul") : "p";
      if (!line.trim()) open = null;
      else if (open && open.kind === kind) open.lines.push(line);
      else blocks.push((open = { kind, lines: [line] }));
    }
    return blocks.map((block) => blockHtml(block.lines)).join("");
  }

  AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
    result.outputHtml = markdownHtml(text);
    result.didProcess = true;
  };

  // The renderer knows the dialogue only as an unknown action; here it opens as a page.
  class OpenUrlDialog extends AdaptiveCards.OpenUrlAction {
    getJsonTypeName() {
      return "Action.OpenUrlDialog";
    }
  }
  AdaptiveCards.GlobalRegistry.defaultActions.register("Action.OpenUrlDialog", OpenUrlDialog);

  // --- the page

  function made(tag, className, ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children.filter((child) => child !== null && child !== ""));
    return element;
  }

  const block = (value) => made("pre", "", typeof value === "string" ? value : JSON.stringify(value, null, 2));

  const folded = (summary, ...content) => made("details", "", made("summary", "", summary), ...content);

  function executed(action, sent) {
    if (action instanceof AdaptiveCards.OpenUrlAction) {
      if (WEB.test(action.url ?? "")) window.open(action.url, "_blank", "noopener,noreferrer");
      else sent.replaceChildren(made("p", "note", `not opened: ${action.url} is no web address`));
    } else if (action instanceof AdaptiveCards.SubmitAction || action instanceof AdaptiveCards.ExecuteAction) {
      const message = { title: action.title, verb: action.verb, data: action.data };
      sent.replaceChildren(made("p", "about", "this would be sent as the next message:"), block(message));
    }
  }

  function tamed(element) {
    for (const link of element.querySelectorAll("a[href]")) {
      if (WEB.test(link.getAttribute("href"))) link.rel = "noopener noreferrer";
      else link.removeAttribute("href");
    }
    return element;
  }

  // The renderer empties the place of a picture that does not load; what it shows is said there instead.
  function withMissingPictures(element) {
    const told = (event) => {
      const picture = event.target;
      const place = picture.parentElement;
      if (!picture.classList.contains("ac-image") || !place) return;
      setTimeout(() => place.append(made("span", "missing", picture.alt || "a picture that does not load")));
    };
    element.addEventListener("error", told, { capture: true });
    return element;
  }

  function rendered(body, sent, remarks) {
    const card = new AdaptiveCards.AdaptiveCard();
    const context = new AdaptiveCards.SerializationContext();
    card.hostConfig = new AdaptiveCards.HostConfig(HOST_CONFIG);
    card.onExecuteAction = (action) => executed(action, sent);
    card.parse(body, context);
    for (let at = 0; at < context.eventCount; at += 1) remarks.push(context.getEventAt(at).message);
    const element = card.render();
    return element ? withMissingPictures(tamed(element)) : made("p", "note", "the renderer shows nothing of this card");
  }

  function framed(body, sent, remarks) {
    try {
      return made("div", "frame", rendered(body, sent, remarks));
    } catch (thrown) {
      return made("p", "note", `the renderer fails: ${thrown && thrown.message}`);
    }
  }

  function cardSection(card, number) {
    const sent = made("div", "sent");
    const remarks = [];
    const isUnknown = card.template !== null;
    const drawn = isUnknown ? block(card.body) : framed(card.body, sent, remarks);
    const named = card.template ? `the template ${card.template} is not known` : "there is no template";
    const unknown = isUnknown ? `${named}: this is the data for it` : "";
    sent.setAttribute("aria-live", "polite");
    return made(
      "section",
      "card",
      made("h2", "", `Card ${number}`),
      made("p", "about", card.about),
      ...[unknown, ...card.notes].filter(Boolean).map((note) => made("p", "note", note)),
      drawn,
      sent,
      remarks.length ? folded(`the renderer's remarks (${remarks.length})`, block([...new Set(remarks)].join("\n"))) : null,
      isUnknown ? null : folded("JSON", block(card.body)),
    );
  }

  function citationItem(citation) {
    const title = WEB.test(citation.url ?? "") ? made("a", "", citation.title) : made("span", "", citation.title);
    if (title.tagName === "A") Object.assign(title, { href: citation.url, target: "_blank", rel: "noopener noreferrer" });
    const label = citation.information_protection_label;
    const subtitle = citation.subtitle ? made("div", "about", citation.subtitle) : null;
    return made("li", "", title, label ? made("span", "label", ` (${label})`) : null, subtitle);
  }

  function themeButton() {
    const button = made("button", "", "light / dark");
    const root = document.documentElement;
    let isDark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    button.type = "button";
    button.addEventListener("click", () => {
      isDark = !isDark;
      root.style.colorScheme = isDark ? "dark" : "light";
    });
    return button;
  }

  function draw(shown) {
    const main = document.getElementById("page");
    const citations = shown.citations.map(citationItem);
    main.replaceChildren(made("header", "", made("h1", "", shown.title), themeButton()));
    if (shown.text) main.append(made("section", "", made("h2", "", "Text"), block(shown.text)));
    main.append(...shown.cards.map((card, index) => cardSection(card, index + 1)));
    if (shown.left_out) main.append(made("p", "about", `${shown.left_out} more cards are left out.`));
    main.append(...shown.notes.map((note) => made("p", "note", note)));
    if (shown.rich !== null) main.append(folded("the rich response", block(shown.rich)));
    if (citations.length)
      main.append(made("section", "citations", made("h2", "", "Citations"), made("ol", "", ...citations)));
    if (main.children.length === 1) main.append(made("p", "about", "The answer gives nothing to show."));
  }

  draw(JSON.parse(document.getElementById("shown").textContent));
})();
