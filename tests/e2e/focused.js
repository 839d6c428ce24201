() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  return {
    what: element.outerHTML.slice(0, 100),
    shown: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    key: [element.tagName, element.getAttribute('href'), element.id, element.textContent.trim().slice(0, 30)].join('|'),
  };
}
