using Skein.Sandbox;
using Skein.Testing;

namespace Skein.Tests.Sandbox;

/// <summary>What a path really leads to.</summary>
public sealed class RealPathTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("printf geese > file", 5)]
    [InlineData("printf geese > other; ln -s other between; ln -s between file", 5)]
    [InlineData("mkfifo pipe; ln -s pipe file", 0)]
    [InlineData("ln -s /dev/zero file", 0)]
    public async Task A_file_is_known_as_what_its_links_lead_to(string made, long length)
    {
        await Shell.RunAsync(_folder.Path, made);

        var file = RealPath.FileAt(_folder.Below("file"));

        Assert.Equal((true, length), (file.Exists, file.Length));
    }

    [Fact]
    public async Task A_link_to_nowhere_is_no_file_and_one_in_a_circle_is_left_as_it_is()
    {
        await Shell.RunAsync(_folder.Path, "ln -s nowhere lost; ln -s circle circle");

        Assert.False(RealPath.FileAt(_folder.Below("lost")).Exists);
        Assert.Equal(_folder.Below("circle"), RealPath.FileAt(_folder.Below("circle")).FullName);
    }
}
