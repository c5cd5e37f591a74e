-- An equation with LaTeX's \tag{N} gets the number N in Typst.
function Math(equation)
  local number = equation.text:match("\\tag{(.-)}")
  if not number then
    return nil
  end
  local bare = pandoc.Math("DisplayMath", (equation.text:gsub("%s*\\tag{.-}", "")))
  local text = pandoc.write(pandoc.Pandoc({ pandoc.Para({ bare }) }), "typst")
  local numbered = "#math.equation(block: true, numbering: _ => [(" .. number .. ")], " .. text .. ")"
  return pandoc.RawInline("typst", numbered)
end
