using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace Skein.Tests.Sandbox;

/// <summary>A row of arguments for each <see cref="Who"/>.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class ForBothAttribute(params object[] arguments) : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        ValueTask.FromResult<IReadOnlyCollection<ITheoryDataRow>>(
            [.. Enum.GetValues<Who>().Select(who => new TheoryDataRow([who, .. arguments]))]);

    public override bool SupportsDiscoveryEnumeration() => true;
}
