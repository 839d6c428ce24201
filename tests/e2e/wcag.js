() => {
  const found = [];
  const say = (what, element) => found.push(`${what}: ${(element?.outerHTML ?? '').slice(0, 120)}`);
  const visible = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    && element.getClientRects().length > 0 && !element.closest('.visually-hidden, .skip');
  const channel = (value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 })
    .getContext('2d', { willReadFrequently: true });
  const over = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.unshift(getComputedStyle(at).backgroundColor);
    return [getComputedStyle(document.documentElement).colorScheme.includes('dark')
      && matchMedia('(prefers-color-scheme: dark)').matches ? '#121212' : '#ffffff', ...layers];
  };
  const ratio = (element, colour) => {
    const back = ground(element);
    const [one, two] = [light(over(back)), light(over([...back, colour]))];
    return (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || seen.has(element) || element.closest('svg, template, noscript, script')) continue;
    seen.add(element);
    if (!visible(element) || element.closest('[disabled], [aria-hidden=true]')) continue;
    const style = getComputedStyle(element), size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
    const has = ratio(element, style.color);
    if (has < (large ? 3 : 4.5)) say(`contrast ${has.toFixed(2)}`, element);
  }
  for (const element of document.querySelectorAll('svg text')) {
    if (visible(element) && element.textContent.trim()) {
      const fill = getComputedStyle(element).fill;
      if (fill === 'none') say('text without colour', element);
    }
  }
  for (const element of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
    if (visible(element) && !element.labels?.length && !element.getAttribute('aria-label')) say('no label', element);
    if (visible(element) && ratio(element.parentElement, getComputedStyle(element).borderTopColor) < 3)
      say('faint edge', element);
  }
  for (const element of document.querySelectorAll('a[href], button, summary')) {
    const name = (element.getAttribute('aria-label') ?? element.textContent).trim();
    if (visible(element) && !name) say('no name', element);
  }
  for (const element of document.querySelectorAll('svg:not([aria-hidden=true])')) {
    if (visible(element) && element.getAttribute('role') !== 'img') say('picture without a role', element);
  }
  for (const element of document.querySelectorAll('img:not([alt])')) say('no alternative text', element);
  for (const element of document.querySelectorAll('th:not([scope])')) say('no scope', element);
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`id twice: ${id}`);
  for (const element of document.querySelectorAll('[aria-labelledby], [aria-describedby]')) {
    for (const name of ['aria-labelledby', 'aria-describedby'])
      for (const id of (element.getAttribute(name) ?? '').split(' ').filter(Boolean))
        if (!document.getElementById(id)) say(`${name} leads nowhere`, element);
  }
  const levels = [...document.querySelectorAll('h1, h2, h3, h4')].filter(visible).map((one) => Number(one.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) found.push(`headings of level 1: ${levels}`);
  levels.forEach((level, at) => { if (at && level > levels[at - 1] + 1) found.push(`heading skipped: ${levels}`); });
  if (!document.documentElement.lang) found.push('no language');
  if (!document.title.trim()) found.push('no title');
  if (document.querySelectorAll('main').length !== 1) found.push('not one main');
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.body.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > root.clientWidth + 1);
    say(`wider than the screen by ${root.scrollWidth - root.clientWidth}`, wide.at(-1));
  }
  return [...new Set(found)];
}
