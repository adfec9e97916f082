using System.Text.Json;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Tests.Cli.Screen;

/// <summary>A call of a tool in one line, by what it was given.</summary>
public sealed class ToolCallsTests
{
    [Theory]
    [InlineData("shell", """{"command":"ls -l","cwd":"/w"}""", "$ ls -l")]
    [InlineData("edit", """{"filePath":"/w/pond.txt","content":"geese"}""", "edit /w/pond.txt")]
    [InlineData("apply_patch", """{"changes":[{"path":"/w/a","kind":{"type":"add"}},{"path":"/w/b"}]}""", "apply_patch /w/a, /w/b")]
    [InlineData("edit", """{"title":"Writing to pond.txt","locations":[{"path":"/w/pond.txt"}]}""", "edit Writing to pond.txt")]
    [InlineData("fly", """{"changes":[7,{"path":[]}]}""", """fly {"changes":[7,{"path":[]}]}""")]
    [InlineData("job", "{}", "job")]
    [InlineData("fly", """{"to":"south"}""", """fly {"to":"south"}""")]
    public void What_it_is_about_is_told_before_all_of_what_it_was_given(string tool, string arguments, string title) =>
        Assert.Equal(title, ToolCalls.Title(new ToolCallPart("c", tool, JsonElement.Parse(arguments))));
}
