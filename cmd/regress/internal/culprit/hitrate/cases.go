package main

// change is a commit of a public repository that made a benchmark cheaper, and the commit before
// it. Taken back, it is a change whose cause is known.
type change struct {
	path       string   // of the module
	fast, slow string   // commits: the one that made it cheaper, and the one before
	sub        string   // directory of the benchmark in the module
	bench      string   // without Benchmark
	guilty     []string // functions in which the cost changed: FILE:NAME, NAME without its receiver
	unseen     bool     // the finder was first run on it when it was done
	subject    string   // of the commit
}

// changes were chosen by their subjects, and by a benchmark that they speak of.
var changes = []change{
	{path: "github.com/expr-lang/expr", guilty: []string{"vm/runtime/runtime.go:Fetch"}, fast: "cf53913bd4fb", slow: "e5ee6c245bbf", bench: "_envStruct_noEnv", subject: "Improve the performance of runtime.Fetch for structures"},
	{path: "github.com/bits-and-blooms/bitset", guilty: []string{"bitset.go:IsSuperSet"}, fast: "3d1d26c379f8", slow: "7f4da935630c", bench: "IsSuperSet/equal,_len=10000", subject: "Improve performance of IsSuperSet"},
	{path: "github.com/shopspring/decimal", guilty: []string{"decimal.go:NewFromString"}, fast: "0cada0bdfec0", slow: "8bd41ac55db3", bench: "Decimal_NewFromString", subject: "optimize NewFromString a bit"},
	{path: "github.com/miekg/dns", guilty: []string{"labels.go:NextLabel"}, fast: "22cda6dc4f8b", slow: "9b7437f11d75", bench: "NextLabelComplex", subject: "Speed up NextLabel and PrevLabel"},
	{path: "github.com/miekg/dns", guilty: []string{"msg_helpers.go:unpackString"}, fast: "b733ad867187", slow: "ba5bfd029554", bench: "UnpackString/Unescaped", subject: "Improve unpackString performance"},
	{path: "github.com/rs/zerolog", guilty: []string{"array.go:Object"}, fast: "9ee98f91c4e0", slow: "a717e7cbed40", bench: "LogArrayObject", subject: "Remove allocations while logging an Array of Objects"},
	{path: "github.com/shopspring/decimal", guilty: []string{"decimal.go:Round", "decimal.go:Abs"}, fast: "483a047db9d0", slow: "cc4584f0a5de", bench: "Decimal_RoundCash_Five", subject: "Improve performance of Abs() and Round()"},
	{path: "github.com/miekg/dns", guilty: []string{"defaults.go:ReverseAddr"}, fast: "b0835fab5e83", slow: "56516cf4de91", bench: "ReverseAddr/IP6", subject: "Reduce allocations in ReverseAddr"},
	{path: "github.com/shopspring/decimal", guilty: []string{"decimal.go:Add", "decimal.go:rescale"}, fast: "408a2507e114", slow: "96defcb63c04", bench: "_decimal_Decimal_Add_different_precision", subject: "Remove unnecessary decimal rescaling"},
	{path: "github.com/rs/zerolog", guilty: []string{"sampler.go:Sample"}, fast: "ffd0e9625da4", slow: "ad0401954ada", bench: "Samplers/BasicSampler_1", subject: "Optimize basic sampler"},
	{path: "github.com/BurntSushi/toml", guilty: []string{"parse.go:valueArray", "parse.go:addContext", "parse.go:setValue"}, fast: "41f8cc899b82", slow: "61d6a9c7598b", bench: "Decode/array", subject: "Small performance boost by allocating arrays if we can"},
	{path: "github.com/miekg/dns", guilty: []string{"defaults.go:IsFqdn"}, fast: "4bdf30257457", slow: "c454332d7b50", bench: "IsFQDN/unescaped", subject: "Improve IsFQDN performance"},

	{unseen: true, path: "github.com/expr-lang/expr", guilty: []string{"vm/vm.go:Run"}, fast: "55e913be02ef", slow: "d652fbe8df62", sub: "vm", bench: "VM/name=function_calls", subject: "VM performance improvements in function calls"},
	{unseen: true, path: "github.com/expr-lang/expr", guilty: []string{"vm/vm.go:Run"}, fast: "3461fbb4c2fe", slow: "94ec86d33388", bench: "_filter", subject: "perf(vm): optimize loop iteration with scope pool"},
	{unseen: true, path: "github.com/shopspring/decimal", guilty: []string{"decimal.go:UnmarshalJSON", "decimal.go:unquoteIfQuoted", "decimal.go:NewFromString"}, fast: "08afb3551736", slow: "01bb2034de74", bench: "Decimal_UnmarshalJSON", subject: "UnmarshalJSON, Scan and NewFromString performance improvements"},
	{unseen: true, path: "github.com/shopspring/decimal", guilty: []string{"decimal.go:NumDigits"}, fast: "bf7794e1a84f", slow: "547861c49ba2", bench: "Decimal_NumDigits10", subject: "Optimize NumDigits method"},
	{unseen: true, path: "github.com/miekg/dns", guilty: []string{"types.go:sprintName", "types.go:writeDomainNameByte"}, fast: "e393768b855e", slow: "9578caeab0b3", bench: "SprintName", subject: "types: improve the performance of sprintName"},
	{unseen: true, path: "github.com/miekg/dns", guilty: []string{"msg.go:UnpackDomainName"}, fast: "c0747f060e0d", slow: "b1bf6f1b9b0e", bench: "UnpackDomainNameLongest", subject: "Reduce allocations in UnpackDomainName by better sizing slice"},
	{unseen: true, path: "github.com/valyala/fastjson", guilty: []string{"validate.go:validateString"}, fast: "378def9cd2e2", slow: "0af7c978b5b8", bench: "Validate/medium/fastjson", subject: "Improve validateString performance for common case"},
	{unseen: true, path: "github.com/RoaringBitmap/roaring/v2", guilty: []string{"bitmapcontainer.go:fillLeastSignificant16bits"}, fast: "135991202823", slow: "7900bdcab8fb", bench: "BitmapContainerFillLeastSignificant16bits", subject: "perf: optimize bitmapContainer.fillLeastSignificant16bits"},
	{unseen: true, path: "github.com/pelletier/go-toml/v2", guilty: []string{"parser.go:hexToString", "parser.go:parseBasicString"}, fast: "a93b34d98479", slow: "9c24fbeaad09", bench: "ParseBasicStringWithUnicode/4", subject: "Unicode parsing optimization"},
	{unseen: true, path: "github.com/rs/zerolog", guilty: []string{"internal/json/string.go:AppendString", "internal/json/string.go:appendStringComplex"}, fast: "4ea03de40d7e", slow: "5250a1ba2d5e", sub: "internal/json", bench: "AppendString/EncodingFirst", subject: "Optimize JSON string encoding using a lookup table"},
}
